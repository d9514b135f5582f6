import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { codeDigest } from '../../src/train/code-digest.ts';

const repository = resolve(import.meta.dirname, '../../../..');
let copy: string;
beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'code-'));
  for (const folder of ['models/shortlist_models', 'packages/cli/src/train', 'packages/core/src/retrieval'])
    await cp(join(repository, folder), join(copy, folder), { recursive: true });
});
afterEach(() => rm(copy, { recursive: true }));

it('is the same for the same code and another for code that fits or reads models otherwise', async () => {
  const before = await codeDigest(copy);
  expect(await codeDigest(copy)).toBe(before);
  await writeFile(join(copy, 'packages/core/src/retrieval/fusion.test-notes.md'), 'not code');
  expect(await codeDigest(copy)).toBe(before);
  await writeFile(join(copy, 'models/shortlist_models/sources/ials.py'), '# nothing left');
  const python = await codeDigest(copy);
  expect(python).not.toBe(before);
  await writeFile(join(copy, 'packages/core/src/retrieval/sources/interests.ts'), '');
  expect(await codeDigest(copy)).not.toBe(python);
});
