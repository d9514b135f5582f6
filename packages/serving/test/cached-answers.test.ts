import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import { memoryFastStores } from '@shortlist/core/stores/memory/fast-stores.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { RecommenderOptions } from '../src/recommender-options.ts';
import { KeptRecords } from './records/kept-records.ts';
import { NOW_S, openTinyRelease, profilesOf, recommenderOf, type History } from './pipeline/tiny-serving.ts';

describe('ready answers', () => {
  let release: LoadedRelease;
  let stores: FastStores;
  beforeAll(async () => {
    release = await openTinyRelease();
  });
  beforeEach(() => {
    stores = memoryFastStores();
  });
  afterAll(() => release.close());

  const open = (options: Partial<RecommenderOptions> = {}, recommendTtlS = 0) =>
    recommenderOf(release, { redis: { stores, timeoutMs: 1_000, recommendTtlS }, ...options });
  const outcomes = (recommender: ReturnType<typeof open>) => recommender.status().answer_cache;

  describe.each(['similar-products', 'trending'] as const)('of /%s', (name) => {
    const ask = (recommender: ReturnType<typeof open>, k = 5) =>
      name === 'trending' ? recommender.trending(undefined, k) : recommender.similar(release.catalog.itemIds[0]!, k);

    it('are the same as computed ones, and shared by pods', async () => {
      const computed = await ask(recommenderOf(release));
      const [first, second] = [open(), open()];
      expect(await ask(first)).toEqual(computed);
      expect(await ask(second)).toEqual(computed);
      expect(outcomes(second)).toMatchObject({ hit: 1, miss: 0 });
      expect(await ask(second, 3)).toEqual({ ...computed, items: computed.items.slice(0, 3) });
    });

    it('are computed once for requests that come together', async () => {
      const pod = open();
      const lists = await Promise.all(Array.from({ length: 10 }, () => ask(pod)));
      expect(new Set(lists.map((list) => JSON.stringify(list))).size).toBe(1);
      expect(outcomes(pod)).toMatchObject({ hit: 0, miss: 1 });
    });

    it('are computed again when they are outdated, or hold what is sold out', async () => {
      const pod = open();
      const { items } = await ask(pod);
      await stores.answers.outdate(name);
      await ask(pod);
      expect(outcomes(pod)).toMatchObject({ hit: 0, miss: 2 });
      const row = release.catalog.rowOf(items[0]!.item_id);
      release.catalog.available[row] = 0;
      try {
        expect((await ask(pod)).items.map(({ item_id }) => item_id)).not.toContain(items[0]!.item_id);
      } finally {
        release.catalog.available[row] = 1;
      }
    });

    it('show the present price', async () => {
      const pod = open();
      const { items } = await ask(pod);
      const row = release.catalog.rowOf(items[0]!.item_id);
      const before = release.catalog.prices[row]!;
      release.catalog.prices[row] = 999;
      try {
        expect((await ask(pod)).items[0]!.metadata.price).toBe(999);
        expect(outcomes(pod)).toMatchObject({ hit: 1 });
      } finally {
        release.catalog.prices[row] = before;
      }
    });

    it('are computed when Redis fails', async () => {
      stores.answers.read = () => Promise.reject(new Error('gone'));
      const pod = open();
      expect(await ask(pod)).toEqual(await ask(recommenderOf(release)));
      expect(outcomes(pod)).toMatchObject({ failed: 1 });
    });
  });

  it('never hide that a product does not exist', async () => {
    await expect(open().similar('nothing', 5)).rejects.toMatchObject({ code: 'item_not_found' });
  });

  describe('of /recommend', () => {
    const history: History = [{ item: 'item-1', type: 'view', ago: 100 }];
    const request = { user_id: 'ann', num_items: 5 };

    it('are off unless they are asked for', async () => {
      const pod = open({ profiles: profilesOf({ ann: history }) });
      await pod.recommend(request, 'a');
      expect(await pod.recommend(request, 'b')).not.toHaveProperty('cached');
    });

    it('say so, keep their request id and are recorded like any other', async () => {
      const kept = new KeptRecords();
      const pod = open({ profiles: profilesOf({ ann: history }), records: kept.options }, 300);
      const first = await pod.recommend(request, 'a');
      expect(first).not.toHaveProperty('cached');
      const second = await pod.recommend({ ...request, deadline_ms: 500 }, 'b');
      expect(second).toMatchObject({ cached: true, request_id: 'b', tier: first.tier });
      expect(second.recommendations).toEqual(first.recommendations);
      await pod.close();
      expect(kept.slates).toMatchObject([{ request_id: 'a' }, { request_id: 'b' }]);
      const [one, two] = kept.slates;
      expect(two).toMatchObject({ items: one!.items, propensities: one!.propensities, sources: one!.sources });
    });

    it('end with the next event of the unit, another request, an explanation and a sold-out item', async () => {
      const pod = open({ profiles: profilesOf({ ann: history }) }, 300);
      const isCached = async (more: object = {}) => (await pod.recommend({ ...request, ...more }, 'r')).cached === true;
      expect(await isCached()).toBe(false);
      expect(await isCached()).toBe(true);
      expect(await isCached({ num_items: 4 })).toBe(false);
      expect(await isCached({ explain: true })).toBe(false);
      expect(await isCached({ user_id: 'bob' })).toBe(false);
      const event = { key: 'f'.repeat(16), itemId: 'item-2', type: 1, timeS: NOW_S - 50 };
      await stores.profiles.apply(new Map([['u:ann', [event]]]));
      await stores.invalidations.publish(['u:ann']);
      expect(await isCached()).toBe(false);
      expect(await isCached()).toBe(true);
      const { recommendations } = await pod.recommend(request, 'r');
      const row = release.catalog.rowOf(recommendations[0]!.item_id);
      release.catalog.available[row] = 0;
      try {
        const answer = await pod.recommend(request, 'r');
        expect(answer).not.toHaveProperty('cached');
        expect(answer.recommendations.map(({ item_id }) => item_id)).not.toContain(recommendations[0]!.item_id);
      } finally {
        release.catalog.available[row] = 1;
      }
    });

    it('are not kept when they were made without something', async () => {
      const pod = open({ profiles: { recent: () => Promise.reject(new Error('down')) } }, 300);
      await pod.recommend(request, 'a');
      expect(await pod.recommend(request, 'b')).toMatchObject({ degraded: ['profile'] });
      expect(await pod.recommend(request, 'c')).not.toHaveProperty('cached');
    });
  });
});
