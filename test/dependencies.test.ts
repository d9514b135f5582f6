import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
let tree: string;

/** A copy of the sources whose workspace links point into the copy, so that a violation can be planted in it. */
beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'shortlist-dependencies-'));
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'tsconfig.base.json', 'package.json'])
    cpSync(join(root, file), join(tree, file));
  cpSync(join(root, 'packages'), join(tree, 'packages'), {
    recursive: true,
    filter: (path) => !/node_modules|\/dist(\/|$)/.test(path),
  });
  mkdirSync(join(tree, 'node_modules/@shortlist'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@shortlist' && !name.startsWith('.'))
      symlinkSync(join(root, 'node_modules', name), join(tree, 'node_modules', name));
  for (const name of readdirSync(join(tree, 'packages')))
    symlinkSync(join(tree, 'packages', name), join(tree, 'node_modules/@shortlist', name));
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

function cruise(): { ok: boolean; output: string } {
  const result = spawnSync(
    join(root, 'node_modules/.bin/depcruise'),
    ['packages', '--config', '.dependency-cruiser.cjs', '--output-type', 'err'],
    { cwd: tree, encoding: 'utf8' },
  );
  return { ok: result.status === 0, output: result.stdout + result.stderr };
}

const VIOLATIONS: readonly [rule: string, file: string, imported: string][] = [
  ['not-to-unresolvable', 'packages/core/src/retrieval/planted.ts', './no-such-file.ts'],
  ['contracts-import-contracts-only', 'packages/core/src/contracts/planted.ts', '../retrieval/source.ts'],
  ['core-algorithms-not-to-stores', 'packages/core/src/retrieval/planted.ts', '../stores/profile-store.ts'],
  ['core-not-to-services', 'packages/core/src/retrieval/planted.ts', '@shortlist/serving/pipeline.ts'],
  ['serving-not-to-other-services', 'packages/serving/src/planted.ts', '../../cli/src/verbs/up.ts'],
  ['stages-not-to-stages', 'packages/serving/src/stages/1-assign/planted.ts', '../5-rank/rank.ts'],
  ['only-pipeline-imports-stages', 'packages/serving/src/planted.ts', './stages/5-rank/rank.ts'],
  ['serving-not-to-distributions', 'packages/serving/src/planted.ts', '@shortlist/core/statistics/welch.ts'],
  ['storefront-only-to-contracts', 'packages/storefront/src/planted.ts', '@shortlist/core/retrieval/source.ts'],
];

describe('dependency directions', () => {
  it('hold in the sources', () => {
    const { ok, output } = cruise();
    expect(ok, output).toBe(true);
  });

  it.each(VIOLATIONS)('a planted violation of %s fails the check', (rule, file, imported) => {
    const path = join(tree, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import '${imported}';\n`);
    const { ok, output } = cruise();
    rmSync(path);
    expect(ok).toBe(false);
    expect(output).toContain(rule);
  });
});
