import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { itemAt, Latent } from '../../src/generate/catalogue.ts';
import { DEFAULT_PARAMETERS } from '../../src/generate/parameters.ts';
import { Random } from '../../src/generate/random.ts';
import { generateShop } from '../../src/generate/shop-writer.ts';
import { makeShop, scratchFolder } from './demo-shop.ts';

const SMALL = { items: 200, users: 60, events: 2_000, days: 20 } as const;
const parameters = { ...DEFAULT_PARAMETERS, ...SMALL };
const scratch = await scratchFolder();
afterAll(scratch.remove);
const folder = (name: string): string => join(scratch.path, name);

describe('equal parameters', () => {
  it('give equal bytes, and another seed gives others', async () => {
    const [a, b, c] = [
      await makeShop(folder('a'), SMALL),
      await makeShop(folder('b'), SMALL),
      await makeShop(folder('c'), { ...SMALL, seed: 43 }),
    ];
    expect(b.description).toEqual(a.description);
    expect(await readFile(join(folder('a'), 'events.jsonl'))).toEqual(
      await readFile(join(folder('b'), 'events.jsonl')),
    );
    expect(c.description.files.events.sha256).not.toBe(a.description.files.events.sha256);
    expect(c.description.files.items.sha256).not.toBe(a.description.files.items.sha256);
  });

  it('change nothing when the shop is there already', async () => {
    const first = await makeShop(folder('again'), SMALL);
    const second = await makeShop(folder('again'), SMALL);
    expect(first.reused).toBe(false);
    expect(second).toEqual({ ...first, reused: true });
    expect((await readdir(folder('again'))).sort()).toEqual([
      'events.jsonl',
      'generator.json',
      'impressions.jsonl',
      'items.jsonl',
    ]);
  });

  it('make an item the same in a shop of any length of history, computed alone', () => {
    const latent = new Latent(42);
    const alone = itemAt(parameters, latent, 137, new Random(1, 'visit', 9));
    const afterOthers = new Random(42, 'item');
    for (let row = 0; row < 137; row++) itemAt(parameters, new Latent(42), row, afterOthers);
    expect(itemAt(parameters, latent, 137, afterOthers)).toEqual(alone);
  });
});

describe('a folder that holds something else', () => {
  it('is refused by name of the difference, and replaced only when forced', async () => {
    await makeShop(folder('held'), SMALL);
    const other = { parameters: { ...parameters, events: 1_000 }, folder: folder('held') };
    await expect(generateShop(other)).rejects.toMatchObject({
      code: 'output_exists',
      message: expect.stringContaining('events 2000, not 1000') as string,
    });
    const { description } = await generateShop({ ...other, force: true });
    expect(description.files.events.lines).toBe(1_000);
  });

  it('is refused when a file was changed or the description is damaged', async () => {
    await makeShop(folder('changed'), SMALL);
    await appendFile(join(folder('changed'), 'items.jsonl'), '{}\n');
    await expect(generateShop({ parameters, folder: folder('changed') })).rejects.toMatchObject({
      code: 'output_exists',
      message: expect.stringContaining('items.jsonl') as string,
    });
    await writeFile(join(folder('changed'), 'generator.json'), '{"version":');
    await expect(generateShop({ parameters, folder: folder('changed') })).rejects.toMatchObject({
      code: 'output_exists',
    });
  });
});

describe('shortlist generate', () => {
  const shortlist = join(import.meta.dirname, '../../bin/shortlist');
  const run = async (...options: string[]) =>
    promisify(execFile)(shortlist, ['generate', ...options]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  it('says what it made', async () => {
    const { code, stdout } = await run(
      '--items=100',
      '--users=20',
      '--events=500',
      '--days=5',
      `--out=${folder('cli')}`,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/100 items, 20 shoppers \(6 known\)/);
  });

  it.each([
    [['--items', '3'], /items .*integer from 50/],
    [['--events', 'many'], /--events is invalid: 'many' is not a number/],
    [['--until', 'soon'], /--until is invalid/],
    [['--seed', '-1'], /seed/],
    [['--dataset', '../x'], /dataset/],
  ])('refuses %j with a code and the field', async (options, message) => {
    const { code, stderr } = await run(...options);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error field_invalid: /m);
    expect(stderr).toMatch(message);
  });
});
