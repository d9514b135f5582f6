import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readGowalla } from '../../src/evaluate/gowalla-files.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'gowalla-'))));
afterEach(() => rm(folder, { recursive: true }));

const put = (name: string, text: string) => writeFile(join(folder, name), gzipSync(text));

it('reads users and items by number, also users without items', async () => {
  await put('train.txt.gz', '0 3 1 3\n2 0\n');
  await put('test.txt.gz', '0 2\n1 \n2 7\n');
  const { itemCount, train, test } = await readGowalla(folder);
  expect(itemCount).toBe(8);
  expect(train.map((items) => [...items])).toEqual([[3, 1], [], [0]]);
  expect(test.map((items) => [...items])).toEqual([[2], [], [7]]);
});

it('says where the data should lie when it is absent', async () => {
  await expect(readGowalla(folder)).rejects.toMatchObject({
    code: 'dataset_missing',
    details: { path: join(folder, 'train.txt.gz'), reason: 'ENOENT' },
  });
});

it('names the line that is no list of numbers', async () => {
  await put('train.txt.gz', '0 1\n1 2,3\n');
  await expect(readGowalla(folder)).rejects.toMatchObject({
    code: 'file_unreadable',
    details: { file: 'train.txt.gz', line: 2 },
  });
});

it('refuses a file that is no gzip, and one without users', async () => {
  await writeFile(join(folder, 'train.txt.gz'), '0 1\n');
  await expect(readGowalla(folder)).rejects.toMatchObject({ code: 'file_unreadable' });
  await put('train.txt.gz', '\n');
  await expect(readGowalla(folder)).rejects.toMatchObject({ code: 'dataset_unusable' });
});
