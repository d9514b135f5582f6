import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RuleBook } from '../../src/rules/rule-book.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rules-'));
  file = join(folder, 'rules.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

const rule = (name: string) => `rules:\n  - name: ${name}\n    price_band: { min: 1 }\n`;

describe('rules in force', () => {
  it('follow the file when it changes', async () => {
    await writeFile(file, rule('a'));
    const book = await RuleBook.open(file);
    expect(book.status()).toMatchObject({ rules: 1, refused: null });
    expect(await book.checkForChange()).toBe(false);
    await writeFile(file, 'rules: []\n');
    expect(await book.checkForChange()).toBe(true);
    expect(book.status()).toMatchObject({ rules: 0, refused: null });
  });
  it('stay when the new file is wrong or gone, with the reason in the status', async () => {
    await writeFile(file, rule('a'));
    const book = await RuleBook.open(file);
    await writeFile(file, 'rules:\n  - name: a\n    price_band: { min: cheap }\n');
    expect(await book.checkForChange()).toBe(false);
    expect(book.status()).toMatchObject({ rules: 1 });
    expect(book.status().refused).toMatch(/line 3: rules\[0\]\.price_band\.min/);
    await unlink(file);
    expect(await book.checkForChange()).toBe(false);
    expect(book.status().refused).toMatch(/ENOENT/);
    await writeFile(file, rule('back again'));
    expect(await book.checkForChange()).toBe(true);
    expect(book.status()).toMatchObject({ rules: 1, refused: null });
  });
  it('must be right at start: there are none to keep', async () => {
    await writeFile(file, 'rules: 7\n');
    await expect(RuleBook.open(file)).rejects.toMatchObject({ code: 'rules_invalid' });
    await writeFile(file, `rules: ${'['.repeat(10_000)}${']'.repeat(10_000)}`);
    await expect(RuleBook.open(file)).rejects.toMatchObject({ code: 'rules_invalid', details: { file } });
    await writeFile(file, Buffer.alloc(1_000_001, 35));
    await expect(RuleBook.open(file)).rejects.toThrow(/larger than/);
    await expect(RuleBook.open(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'rules_invalid' });
  });
});
