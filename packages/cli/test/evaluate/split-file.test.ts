import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastPurchaseS, readSplitFile, splitUnits } from '../../src/evaluate/split-file.ts';
import { rowOf, storeOf } from './logged-events.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'split-file-'));
  file = join(folder, 'test.csv');
});
afterEach(() => rm(folder, { recursive: true }));

async function read(csv: string) {
  await writeFile(file, csv);
  const events = await storeOf([
    { who: 'u1', item: 'i1', type: 'view', atS: 10 },
    { who: 'u1', item: 'i2', atS: 20 },
    { who: 'u1', item: 'i7', atS: 100 },
    { who: 'u2', item: 'i3', atS: 30 },
  ]);
  return splitUnits(await readSplitFile(file), events, rowOf, 100);
}

it('gives every user its lines as truth and all it touched in training as bought', async () => {
  const [first, second, ...others] = await read('user,item\nu2,i5\nu1,i4\nu1,i6\n');
  expect(others).toEqual([]);
  expect(first).toMatchObject({ id: 'u1', kind: 'user', requestS: 100 });
  expect(first!.history.itemIds).toEqual(['i1', 'i2']);
  expect([...first!.truth]).toEqual([4, 6]);
  expect([...first!.bought]).toEqual([1, 2]);
  expect(second!.id).toBe('u2');
  expect([...second!.bought]).toEqual([3]);
});

it('counts an item that training never saw as one that no list can hold', async () => {
  const [unit] = await read('user,item\nu1,newcomer\nu1,i4\n');
  expect(unit!.truth.size).toBe(2);
  expect([...unit!.truth].filter((row) => row >= 0)).toEqual([4]);
  expect(unit!.unseenTruth).toEqual(['newcomer']);
});

it('knows when the last purchase of training was, or takes the request without one', async () => {
  const [bought, looked] = await read('user,item\nu1,i4\nu2,i5\n');
  expect(lastPurchaseS(bought!)).toBe(20);
  expect(lastPurchaseS({ ...looked!, history: { ...looked!.history, types: Uint8Array.of(EVENT_CODE.view) } })).toBe(
    100,
  );
});

it('reads quoted fields, other columns, a byte order mark and CRLF', async () => {
  const units = await read('\uFEFF"item",score,"user"\r\n"i4",0.5,"u, the ""first"""\r\n');
  expect(units.map(({ id }) => id)).toEqual(['u, the "first"']);
  expect([...units[0]!.truth]).toEqual([4]);
});

it.each([
  ['file_columns_missing', { missing: 'item', found: 'user,thing' }, 'user,thing\nu1,i4\n'],
  ['file_unreadable', { line: 3 }, 'user,item\nu1,i4\nu1\n'],
  ['dataset_unusable', {}, 'user,item\n'],
  ['dataset_unusable', {}, ''],
])('refuses with %s %o', async (code, details, csv) => {
  await expect(read(csv)).rejects.toMatchObject({ code, details: { file, ...details } });
});

it('names a file that is not there', async () => {
  await expect(readSplitFile(file)).rejects.toMatchObject({
    code: 'file_unreadable',
    details: { file, reason: 'ENOENT' },
  });
});
