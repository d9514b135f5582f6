import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atOnce } from '@shortlist/core/catalog/pieces.ts';
import { createProfile } from '@shortlist/core/catalog/to-profile.ts';
import type { LiveItem } from '@shortlist/core/contracts/live.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { ItemCounters } from '@shortlist/core/features/item-counters.ts';
import { itemFeatureIndex } from '@shortlist/core/features/item-features.ts';
import { appendItems } from '@shortlist/core/release/growth.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import { LiveState } from '../../src/live/live-state.ts';
import { recommenderOf, slateOf } from '../pipeline/tiny-serving.ts';
import { liveItem, NOW_S, RELEASED, TinyReleases } from './live-shop.ts';

let releases: TinyReleases;
beforeAll(async () => {
  releases = await TinyReleases.build();
});
afterAll(() => releases.close());

const stateWith = async (release: LoadedRelease) => {
  const state = new LiveState(() => NOW_S);
  await state.attach(release);
  return state;
};
const slate = (release: LoadedRelease, of = {}) => slateOf(recommenderOf(release), { num_items: 50, ...of });
const countersOf = (itemId: string, version: number, views: number) => {
  const counters = new ItemCounters(1);
  for (let i = 0; i < views; i++) counters.apply(0, EVENT_CODE.view, NOW_S - i);
  return { itemId, version, sums: [...counters.read(0)], firstPurchaseS: 0, lastPurchaseS: 0 };
};
const featureOf = (release: LoadedRelease, row: number, name: string) =>
  release.itemFeatures[row * FEATURE_WIDTHS.item + itemFeatureIndex(name)]!;

/** What of a release the live state decides. */
const view = ({ catalog }: LoadedRelease) =>
  Array.from({ length: catalog.count }, (_, row) => [
    catalog.itemIds[row],
    catalog.title(row),
    catalog.category(row),
    catalog.prices[row],
    catalog.available[row],
  ]).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));

describe('the live state in a pod', () => {
  it('hides an item that went out of stock from the next slate on, and shows it when it is back', async () => {
    const release = await releases.load();
    const state = await stateWith(release);
    expect(await slate(release)).toContain('item-3');
    await state.applyItems([liveItem('item-3', 10, { available: false })]);
    expect(await slate(release)).not.toContain('item-3');
    await state.applyItems([liveItem('item-3', 11)]);
    expect(await slate(release)).toContain('item-3');
  });

  it('filters by the price, category and brand that an item has now, and shows its title', async () => {
    const release = await releases.load();
    const state = await stateWith(release);
    await state.applyItems([liveItem('item-3', 10, { title: 'Renamed', category: 'books', price: 500, brand: 'new' })]);
    const answer = await recommenderOf(release).recommend(
      { num_items: 50, context: { category: 'books', filters: { min_price: 100, brands: ['new'] } } },
      'r',
    );
    expect(answer.recommendations.map(({ item_id, metadata }) => [item_id, metadata.title, metadata.price])).toEqual([
      ['item-3', 'Renamed', 500],
    ]);
    expect(featureOf(release, 3, 'item_price')).toBeCloseTo(Math.log1p(500), 5);
  });

  it('serves a new item, of a new category, from the request after it came', async () => {
    const release = await releases.load();
    const state = await stateWith(release);
    const fresh = liveItem('fresh', 20, { title: 'A fern', category: 'plants', createdS: NOW_S - 60 });
    await state.applyItems([fresh]);
    expect(await slate(release)).toContain('fresh');
    expect(await slate(release, { context: { category: 'plants' } })).toEqual(['fresh']);
    const page = await recommenderOf(release).products({ search: 'fern', page: 1, pageSize: 5 });
    expect(page.products.map(({ item_id }) => item_id)).toEqual(['fresh']);
    // Its own neighbours are asked for: it has a vector, but nobody was seen with it.
    expect((await recommenderOf(release).similar('fresh', 3)).items).toBeDefined();
    const seen = await recommenderOf(release).recommend({ num_items: 10, context: { recent_items: ['fresh'] } }, 'r');
    expect(seen.tier).toBe('session');
    expect(seen.degraded).toEqual([]);
    expect(state.status()).toMatchObject({ new_rows: 1, rows: RELEASED + 1, capacity: RELEASED + 20 });
  });

  it('is the same whatever the order, repetition and grouping of the entries, in releases attached at any time', async () => {
    const change = fc.record({
      item: fc.constantFrom('item-1', 'item-2', 'new-1', 'new-2'),
      title: fc.constantFrom('A', 'B'),
      category: fc.constantFrom('books', 'plants', ''),
      price: fc.constantFrom(1, 30),
      available: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 12 }),
        fc.infiniteStream(fc.nat(1000)),
        fc.nat(10),
        async (changes, chance, attachAt) => {
          const entries = changes.map(({ item, ...of }, i): LiveItem =>
            liveItem(item, i + 1, { ...of, createdS: NOW_S }),
          );
          const next = () => chance.next().value as number;
          const shuffled = [...entries, ...entries.filter(() => next() % 3 === 0)]
            .map((entry) => ({ entry, key: next() }))
            .sort((a, b) => a.key - b.key)
            .map(({ entry }) => entry);
          const [early, late] = [await releases.load(4), await releases.load(4)];
          const state = await stateWith(early);
          let attached = false;
          for (let from = 0, round = 0; from < shuffled.length; round++) {
            if (round === attachAt) await state.attach(late);
            attached ||= round === attachAt;
            const size = 1 + (next() % 4);
            await state.applyItems(shuffled.slice(from, (from += size)));
          }
          if (!attached) await state.attach(late);
          const newest = new Map(entries.map((entry) => [entry.itemId, entry]));
          for (const release of [early, late]) {
            for (const { itemId, title, category, price, available } of newest.values()) {
              const row = release.catalog.rowOf(itemId);
              // What cannot be served needs no row.
              if (row < 0) expect(available).toBe(false);
              else
                expect([
                  release.catalog.title(row),
                  release.catalog.category(row),
                  release.catalog.prices[row],
                  release.catalog.available[row],
                ]).toEqual([title, category, price, available ? 1 : 0]);
            }
          }
          const servable = (release: LoadedRelease) => view(release).filter((line) => line[4] === 1);
          expect(servable(late)).toEqual(servable(early));
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  it('does not forget what is out of stock but unknown to a release, for one that comes later and has it', async () => {
    const small = await releases.load(0);
    const state = await stateWith(small);
    // Unknown and not available: no row here.
    await state.applyItems([liveItem('ghost', 5, { available: false }), liveItem('no-room', 6)]);
    expect(state.status()).toMatchObject({ rows: RELEASED, items_without_room: 1 });
    const later = await releases.load(5);
    // As if the later release had been trained when the ghost was there still.
    await appendItems(later, [{ ...liveItem('ghost', 0), createdAtS: 0 }], () => undefined);
    await state.attach(later);
    expect(later.catalog.available[later.catalog.rowOf('ghost')]).toBe(0);
    expect(later.catalog.rowOf('no-room')).toBeGreaterThan(0);
    expect(state.status()).toMatchObject({ items_without_room: 0 });
  });

  it('asks for another snapshot when a release comes that may have what was not kept', async () => {
    let asked = 0;
    const state = new LiveState(
      () => NOW_S,
      () => (asked += 1),
    );
    await state.attach(await releases.load(0));
    const gone = (i: number) => liveItem(`gone-${i}`, 1 + i, { available: false });
    await state.applyItems(Array.from({ length: 100_000 }, (_, i) => gone(i)));
    await state.attach(await releases.load(0));
    expect(asked).toBe(0);
    await state.applyItems([gone(100_000)]);
    await state.attach(await releases.load(0));
    expect(asked).toBe(1);
  });

  it('counts items without room once each and says so', async () => {
    const state = await stateWith(await releases.load(1));
    await state.applyItems([liveItem('a', 1), liveItem('b', 2), liveItem('c', 3), liveItem('b', 4)]);
    expect(state.status()).toMatchObject({ new_rows: 1, items_without_room: 2, capacity: RELEASED + 1 });
  });

  it('recomputes the features of items whose counters changed, in every release, and of those that come later', async () => {
    const early = await releases.load();
    const state = await stateWith(early);
    state.applyCounters([countersOf('item-3', 1, 4)]);
    await state.completeCounters();
    expect(featureOf(early, 3, 'item_views_30d')).toBeCloseTo(Math.log1p(4), 4);
    expect(featureOf(early, 4, 'item_views_30d')).toBe(0);
    const late = await releases.load();
    await state.attach(late);
    expect(late.itemFeatures).toEqual(early.itemFeatures);
    state.applyCounters([countersOf('item-3', 2, 6), countersOf('nowhere', 3, 1)]);
    for (const live of state.residents) expect([...live.dirty]).toEqual([3]);
  });

  it('names a new item to those who look at what is like it by metadata, and the other way round', async () => {
    const release = await releases.load();
    const state = await stateWith(release);
    const twin = liveItem('twin', 20, { title: 'Title 8', category: 'books', brand: 'brand-3', price: 9 });
    await state.applyItems([twin, liveItem('lone', 21, { category: '' })]);
    const content = release.sources.filter(({ name }) => name === 'content');
    const near = (row: number) => {
      const set = new CandidateSet(500);
      const profile = createProfile(1);
      Object.assign(profile, { length: 1 });
      profile.rows[0] = row;
      profile.types[0] = EVENT_CODE.view;
      profile.timesS[0] = NOW_S;
      const query = { profile, nowS: NOW_S, category: -1, userVector: null, excluded: null };
      for (const source of content) source.retrieve(query, 500, set);
      return [...set.rows.subarray(0, set.count)];
    };
    const row = release.catalog.rowOf('twin');
    expect(near(8)).not.toContain(row);
    for (const live of state.residents) atOnce(live.placeByContent(10));
    expect(near(8)).toContain(row);
    expect(near(row)[0]).toBe(8);
    expect(near(row).every((other) => release.catalog.category(other) === 'books')).toBe(true);
    // Nothing is compared with an item without a category.
    expect(near(release.catalog.rowOf('lone'))).toEqual([]);
  });

  it('leaves the features of the release alone until it knows counters', async () => {
    const release = await releases.load();
    const state = await stateWith(release);
    await state.completeCounters();
    expect(release.itemFeatures.every((value) => value === 1)).toBe(true);
  });

  it('puts what trends now before what trended, and ignores an older list', async () => {
    const release = await releases.load();
    const state = await stateWith(release);
    const trending = async () =>
      (await recommenderOf(release).trending(undefined, 5)).items.map(({ item_id }) => item_id);
    expect(await trending()).toEqual(['item-0', 'item-1', 'item-2', 'item-3', 'item-4']);
    const lists = (itemIds: string[]) => [
      { window: '7d', category: '', itemIds, scores: itemIds.map((_, i) => 9 - i) },
    ];
    state.applyTrending({ kind: 'trending', madeS: NOW_S, lists: lists(['item-50', 'gone', 'item-2']) });
    expect(await trending()).toEqual(['item-50', 'item-2', 'item-0', 'item-1', 'item-3']);
    state.applyTrending({ kind: 'trending', madeS: NOW_S - 1, lists: lists(['item-40']) });
    expect(await trending()).toEqual(['item-50', 'item-2', 'item-0', 'item-1', 'item-3']);
    const { items } = await recommenderOf(release).trending(undefined, 60);
    for (let i = 1; i < items.length; i++) expect(items[i]!.score).toBeLessThanOrEqual(items[i - 1]!.score);
    expect(items[0]!.score).toBe(100);
  });

  it('names live neighbours beside those of the release, until they are gone', async () => {
    const release = await releases.load();
    const state = await stateWith(release);
    const similar = async () =>
      (await recommenderOf(release).similar('item-10', 4)).items.map(({ item_id }) => item_id);
    expect((await similar()).slice(0, 3)).toEqual(['item-11', 'item-12', 'item-13']);
    const news = (neighborIds: string[], madeS: number) => ({
      kind: 'covisitation' as const,
      madeS,
      items: [{ itemId: 'item-10', neighborIds, scores: neighborIds.map(() => 0.9) }],
    });
    state.applyCoVisitation(news(['item-40', 'item-12', 'gone'], NOW_S));
    expect(await similar()).toEqual(['item-11', 'item-12', 'item-40', 'item-13']);
    const late = await releases.load();
    await state.attach(late);
    const inLate = await recommenderOf(late).similar('item-10', 3);
    expect(inLate.items.map(({ item_id }) => item_id)).toEqual(['item-11', 'item-12', 'item-40']);
    state.applyCoVisitation(news([], NOW_S - 1));
    expect(await similar()).toContain('item-40');
    state.applyCoVisitation(news([], NOW_S + 1));
    expect((await similar()).slice(0, 3)).toEqual(['item-11', 'item-12', 'item-13']);
  });
});
