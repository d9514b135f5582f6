import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { KeptRecords } from '../records/kept-records.ts';
import { openTinyRelease, profilesOf, recommenderOf } from './tiny-serving.ts';

let release: LoadedRelease;
beforeAll(async () => {
  release = await openTinyRelease();
});
afterAll(() => release.close());

const profiles = () =>
  profilesOf({
    ann: [
      { item: 'item-2', type: 'view', ago: 4000 },
      { item: 'item-4', type: 'purchase', ago: 3000 },
      { item: 'item-6', type: 'hide', ago: 2000 },
    ],
  });
const open = () => recommenderOf(release, { profiles: profiles() });
const idsOf = ({ ranked }: { ranked: { item_id: string }[] }) => ranked.map(({ item_id }) => item_id);

describe('ranking given items', () => {
  it('returns each known item once, best first, and names the unknown ones', async () => {
    const items = ['item-9', 'nothing', 'item-6', 'item-4', 'neither', 'item-33'];
    const answer = await open().rank({ user_id: 'ann', items }, 'r');
    expect(idsOf(answer).sort()).toEqual(['item-33', 'item-4', 'item-6', 'item-9']);
    expect(answer.unknown).toEqual(['nothing', 'neither']);
    const scores = answer.ranked.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(answer).toMatchObject({ tier: 'personalized', degraded: [], model_version: release.id, request_id: 'r' });
  });

  it('scores every item as in a slate of which all of them are candidates', async () => {
    const recommender = recommenderOf(release, {
      profiles: profilesOf({ bob: [{ item: 'item-2', type: 'view', ago: 4000 }] }),
      parameters: { candidatesMax: 20, diversity: { lambda: 0 } },
    });
    const { recommendations } = await recommender.recommend({ user_id: 'bob', num_items: 20 }, 'r');
    const candidates = recommendations.map(({ item_id }) => item_id);
    const { ranked } = await recommender.rank({ user_id: 'bob', items: candidates.toReversed() }, 'r');
    const scores = new Map(recommendations.map(({ item_id, score }) => [item_id, score]));
    expect(ranked.map(({ item_id }) => item_id).sort()).toEqual([...candidates].sort());
    for (const { item_id, score } of ranked) expect(score).toBe(scores.get(item_id));
  });

  it('does not depend on the order in which the items are given', async () => {
    const recommender = open();
    const all = fc.uniqueArray(fc.constantFrom(...release.catalog.itemIds), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(all, async (items) => {
        const given = await recommender.rank({ user_id: 'ann', items }, 'r');
        const reversed = await recommender.rank({ user_id: 'ann', items: [...items].reverse() }, 'r');
        expect(reversed.ranked).toEqual(given.ranked);
      }),
      { numRuns: 30 },
    );
  });

  it('answers with nothing ranked where nothing is known', async () => {
    const { ranked, unknown } = await open().rank({ session_id: 's', items: ['x'] }, 'r');
    expect([ranked, unknown]).toEqual([[], ['x']]);
  });

  it('ranks in the same batch as slates, and changes neither', async () => {
    const recommender = open();
    const alone = await recommender.rank({ user_id: 'ann', items: ['item-1', 'item-2', 'item-3'] }, 'r');
    const [together, slate] = await Promise.all([
      recommender.rank({ user_id: 'ann', items: ['item-1', 'item-2', 'item-3'] }, 'r'),
      recommender.recommend({ user_id: 'ann', num_items: 5 }, 'r'),
      recommender.rank({ session_id: 's', items: ['item-7'] }, 'r'),
    ]);
    expect(together.ranked).toEqual(alone.ranked);
    expect(slate.recommendations).toHaveLength(5);
  });

  it('records nothing: no slate of ours was shown', async () => {
    const sink = new KeptRecords();
    const limits = { recordsQueueMax: 100, recordsFlushMs: 1, exposureMemoryMax: 100 };
    const recommender = recommenderOf(release, { profiles: profiles(), records: { sink, limits } });
    await recommender.rank({ user_id: 'ann', items: ['item-1'] }, 'r');
    expect(recommender.records!.status().offered).toBe(0);
  });
});
