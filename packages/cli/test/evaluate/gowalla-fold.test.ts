import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { GOWALLA_UNTIL_S, visitTimeS, writeGowallaFold } from '../../src/evaluate/gowalla-fold.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'gowalla-fold-'))));
afterEach(() => rm(folder, { recursive: true }));

const SPLIT = {
  itemCount: 4,
  train: [Int32Array.of(2, 0, 1), Int32Array.of(3)],
  test: [Int32Array.of(3), Int32Array.of(0)],
};

it('a user meets items in the order of its line, and all users end together before the cut-off', () => {
  expect(visitTimeS(0, 3)).toBeLessThan(visitTimeS(1, 3));
  expect(visitTimeS(2, 3)).toBe(visitTimeS(0, 1));
  expect(visitTimeS(2, 3)).toBeLessThan(GOWALLA_UNTIL_S);
});

it('holds the training visits only, in the order of time, and a catalogue without metadata', async () => {
  await writeGowallaFold(SPLIT, folder);
  const events = tableFromIPC(await readFile(join(folder, 'events.arrow')));
  const column = (name: string) => [...(events.getChild(name)!.toArray() as Iterable<number>)];
  expect(column('actor')).toEqual([0, 0, 0, 1]);
  expect(column('row')).toEqual([2, 0, 1, 3]);
  expect(column('time')).toEqual([...column('time')].sort((a, b) => a - b));
  expect(JSON.parse(await readFile(join(folder, 'fold.json'), 'utf8'))).toMatchObject({
    items: 4,
    events: 4,
    actors: 2,
  });
  expect(Catalog.fromArrow(await readFile(join(folder, 'items.arrow'))).itemIds).toEqual(['0', '1', '2', '3']);
  expect(await readdir(folder)).not.toContain('item-metadata.f32');
});
