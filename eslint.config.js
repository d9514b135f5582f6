import tseslint from 'typescript-eslint';

const environmentOnlyInMain = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only main.ts and environment.ts read the environment; pass values on.',
};

export default tseslint.config(
  {
    ignores: ['**/dist/**', '**/node_modules/**', '.shortlist/**', '.venv/**', '**/*.cjs', 'packages/core/assembly/**'],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Typed arrays index to `number | undefined` under noUncheckedIndexedAccess; `!` on them is the idiom here.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Hot loops read an index on purpose.
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/prefer-optional-chain': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': ['error', environmentOnlyInMain],
    },
  },
  {
    files: [
      '**/main.ts',
      '**/environment.ts',
      '**/test/**',
      '**/bench/**',
      'test/**',
      'scripts/**',
      '**/vite.config.ts',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Matchers such as expect.objectContaining are typed any.
    files: ['**/test/**', 'test/**'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
);
