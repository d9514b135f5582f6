import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProfile } from '../../src/catalog/to-profile.ts';
import type { CatalogItem } from '../../src/catalog/write-items.ts';
import { EVENT_CODE } from '../../src/contracts/events.ts';
import { fillItemMetadata, METADATA_DIM } from '../../src/features/item-metadata.ts';
import { appendItems, refreshVectors } from '../../src/release/growth.ts';
import { loadRelease } from '../../src/release/load-release.ts';
import type { LoadedRelease } from '../../src/release/loaded-release.ts';
import { CandidateSet } from '../../src/retrieval/candidate-set.ts';
import { FusionScratch } from '../../src/retrieval/fusion.ts';
import { retrieveCandidates } from '../../src/retrieval/retrieve.ts';
import { SOURCE_COUNT, SOURCE_INDEX, type SourceName } from '../../src/retrieval/source.ts';
import { buildTinyRelease, TINY_FEATURES, TINY_ITEMS, writeTinyRun } from './tiny-run.ts';

const UNTIL_S = 1_700_000_000;
const newItem = (itemId: string, of: Partial<CatalogItem> = {}): CatalogItem => ({
  itemId,
  title: `Quite new ${itemId}`,
  category: 'plants',
  brand: 'brand-1',
  price: 12,
  createdAtS: UNTIL_S,
  available: true,
  ...of,
});

let folder: string;
let dir: string;
const open: LoadedRelease[] = [];
const load = async (spareRows?: number): Promise<LoadedRelease> => {
  const release = await loadRelease(dir, {
    features: TINY_FEATURES,
    ...(spareRows === undefined ? {} : { spareRows: () => spareRows }),
  });
  open.push(release);
  return release;
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'growth-'));
  await writeTinyRun(join(folder, 'run'));
  dir = (await buildTinyRelease(join(folder, 'run'), join(folder, 'releases'))).dir;
});
afterAll(async () => {
  for (const release of open) await release.close();
  await rm(folder, { recursive: true });
});

async function retrieved(release: LoadedRelease, rows: readonly number[]) {
  const profile = createProfile(rows.length);
  for (const row of rows) {
    profile.rows[profile.length] = row;
    profile.types[profile.length] = EVENT_CODE.view;
    profile.timesS[profile.length++] = UNTIL_S;
  }
  const userVector = rows.length === 0 ? null : await release.userTower!.run([profile], [UNTIL_S + 60]);
  const set = new CandidateSet(2000);
  const query = { profile, nowS: UNTIL_S + 60, category: -1, userVector, excluded: null };
  const notes = retrieveCandidates(release.sources, query, release.parameters, set, new FusionScratch(2000));
  expect(notes.failed).toEqual([]);
  const ranks = (row: number, source: SourceName) =>
    set.slotOf(row) < 0 ? 0 : set.ranks[set.slotOf(row) * SOURCE_COUNT + SOURCE_INDEX[source]]!;
  return {
    rows: [...set.rows.subarray(0, set.count)],
    scores: [...set.scores.subarray(0, set.count * SOURCE_COUNT)],
    ranks,
  };
}

describe('a release with room for new items', () => {
  it('answers as one without, as long as nothing is new', async () => {
    const [plain, roomy] = [await load(), await load(500)];
    expect(roomy.catalog.capacity).toBe(TINY_ITEMS + 500);
    for (const rows of [[], [3], [1, 2, 50, 59]]) {
      const [a, b] = [await retrieved(plain, rows), await retrieved(roomy, rows)];
      expect(b.rows).toEqual(a.rows);
      expect(b.scores).toEqual(a.scores);
    }
  });

  it('finds a new item by its vector and as a new one, also of a category that it did not know', async () => {
    const release = await load(10);
    const added: number[] = [];
    const { rows, refused } = await appendItems(release, [newItem('n1'), newItem('n2')], (row) => added.push(row));
    expect([rows, added, refused]).toEqual([[60, 61], [60, 61], 0]);
    const found = await retrieved(release, [60, 3]);
    expect(found.ranks(61, 'two_tower')).toBeGreaterThan(0);
    expect(found.ranks(61, 'new_items')).toBeGreaterThan(0);
    expect(release.catalog.category(60)).toBe('plants');
    expect((await retrieved(release, [])).ranks(60, 'new_items')).toBeGreaterThan(0);
  });

  it('gives a new item the vector that the item tower makes of its metadata, and another when that changes', async () => {
    const release = await load(2);
    await appendItems(release, [newItem('n1')], () => undefined);
    const expected = async (of: CatalogItem) => {
      const metadata = new Float32Array(METADATA_DIM);
      fillItemMetadata(of, metadata, 0);
      return [...(await release.itemTower!.run(metadata, 1))];
    };
    const vector = () => [...release.itemVectors!.slice(60 * 8, 61 * 8)];
    expect(vector()).toEqual(await expected(newItem('n1')));
    const changed = newItem('n1', { title: 'Something else', price: 99 });
    release.catalog.change(60, changed);
    await refreshVectors(release, [60]);
    expect(vector()).toEqual(await expected(changed));
    expect(vector()).not.toEqual(await expected(newItem('n1')));
  });

  it('leaves known items alone and counts those without room', async () => {
    const release = await load(1);
    const items = [newItem('item-3'), newItem('n1'), newItem('n2'), newItem('n3')];
    const { rows, refused } = await appendItems(release, items, () => undefined);
    expect(rows).toEqual([60]);
    expect(refused).toBe(2);
    expect(release.catalog.title(3)).toBe('Title 3');
    expect(release.vectorIndex!.count).toBe(61);
  });

  it('adds the same item once when two come by at the same time', async () => {
    const release = await load(5);
    const results = await Promise.all([
      appendItems(release, [newItem('n1')], () => undefined),
      appendItems(release, [newItem('n1')], () => undefined),
    ]);
    expect(results.flatMap(({ rows }) => rows)).toEqual([60]);
    expect(release.catalog.count).toBe(61);
  });
});
