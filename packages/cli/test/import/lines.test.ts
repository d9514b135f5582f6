import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readLines, type Line } from '../../src/import/lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'shortlist-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(content: string | Uint8Array, name = 'file.txt'): Promise<Line[]> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const lines: Line[] = [];
  for await (const chunk of readLines(path)) lines.push(...chunk.lines);
  return lines;
}

test('lines are numbered from 1; line ends and a byte order mark are not part of them', async () => {
  expect(await read('\uFEFFa\r\nb\n\nc')).toEqual([
    { number: 1, text: 'a' },
    { number: 2, text: 'b' },
    { number: 3, text: '' },
    { number: 4, text: 'c' },
  ]);
  expect(await read('')).toEqual([]);
});

test('lines and characters that chunks cut in two come out whole, gzipped or not', async () => {
  const texts = Array.from({ length: 30_000 }, (_, i) => `${i} Grüße 🛒 ${'x'.repeat(i % 50)}`);
  expect((await read(`${texts.join('\n')}\n`)).map(({ text }) => text)).toEqual(texts);
  expect((await read(gzipSync(texts.join('\n')), 'file.gz')).map(({ text }) => text)).toEqual(texts);
});

test('a line that is no UTF-8 or holds a NUL is named, its neighbours are fine', async () => {
  const content = Buffer.concat([Buffer.from('good\n'), Buffer.from([0x61, 0xff, 0x0a]), Buffer.from('n\0l\nafter\n')]);
  const lines = await read(content);
  expect(lines.map(({ number, problem }) => [number, problem])).toEqual([
    [1, undefined],
    [2, 'not valid UTF-8'],
    [3, 'holds a NUL byte'],
    [4, undefined],
  ]);
});

test('an endless line is skipped without being held', async () => {
  const lines = await read(`a\n${'x'.repeat(5_000_000)}\nb\n`);
  expect(lines.map(({ number, text, problem }) => [number, text.length, problem])).toEqual([
    [1, 1, undefined],
    [2, 1_000, 'longer than 1048576 bytes'],
    [3, 1, undefined],
  ]);
});

test('a damaged or cut gzip file is a coded error that says how far it got', async () => {
  const whole = gzipSync(Array.from({ length: 100_000 }, (_, i) => `line ${i * 7919}`).join('\n'));
  const cut = read(whole.subarray(0, whole.length / 2), 'cut.gz');
  await expect(cut).rejects.toMatchObject({ code: 'file_unreadable', details: { file: 'cut.gz' } });
  await expect(read('this is no gzip', 'not.gz')).rejects.toMatchObject({ code: 'file_unreadable' });
  await expect(readLines(join(folder, 'absent')).next()).rejects.toMatchObject({ code: 'file_unreadable' });
});
