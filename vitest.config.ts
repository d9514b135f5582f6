import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'packages/*/test/**/*.test.tsx',
      'test/**/*.test.ts',
      'loadtest/test/**/*.test.ts',
    ],
    // Integration tests start real servers; two cores are shared by all of them.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
