import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { NOW_S, openTinyRelease, profilesOf, recommenderOf, slateOf } from './tiny-serving.ts';
import { KeptRecords } from '../records/kept-records.ts';

let release: LoadedRelease;
beforeAll(async () => {
  release = await openTinyRelease();
});
afterAll(() => release.close());

const HISTORY = [
  { item: 'item-2', type: 'view', ago: 4000 },
  { item: 'item-4', type: 'purchase', ago: 3000 },
  { item: 'item-6', type: 'hide', ago: 2000 },
  { item: 'item-8', type: 'view', ago: 100 },
] as const;
const profiles = () => profilesOf({ ann: HISTORY, visit: HISTORY.slice(0, 1), gone: [{ ...HISTORY[0], item: 'x' }] });

describe('tiers', () => {
  const tierOf = async (request: object) =>
    (await recommenderOf(release, { profiles: profiles() }).recommend({ num_items: 5, ...request }, 'r')).tier;

  it('says personalized only of a known user with events in this release', async () => {
    expect(await tierOf({ user_id: 'ann' })).toBe('personalized');
    expect(await tierOf({ user_id: 'gone' })).toBe('trending');
    expect(await tierOf({ user_id: 'gone', context: { recent_items: ['item-1'] } })).toBe('session');
  });
  it('says session of an anonymous visit, or of recent items alone', async () => {
    expect(await tierOf({ session_id: 'visit' })).toBe('session');
    expect(await tierOf({ session_id: 'unheard', context: { recent_items: ['item-1'] } })).toBe('session');
    expect(await tierOf({ user_id: 'unheard', session_id: 'visit' })).toBe('session');
  });
  it('falls back to the category asked for, then to trending', async () => {
    expect(await tierOf({ session_id: 'unheard', context: { category: 'games' } })).toBe('cold_start_category');
    expect(await tierOf({ session_id: 'unheard', context: { category: 'no such' } })).toBe('trending');
    expect(await tierOf({ user_id: 'unheard' })).toBe('trending');
  });
  it('refuses an unknown user where cold starts are not served', async () => {
    const strict = recommenderOf(release, { profiles: profiles(), parameters: { coldStart: 'reject' } });
    await expect(strict.recommend({ user_id: 'unheard', num_items: 5 }, 'r')).rejects.toMatchObject({
      code: 'user_not_found',
      details: { userId: 'unheard' },
    });
    expect((await strict.recommend({ user_id: 'ann', num_items: 5 }, 'r')).tier).toBe('personalized');
  });
});

describe('what may be shown', () => {
  const all = (request: object, parameters = {}) =>
    slateOf(recommenderOf(release, { profiles: profiles(), parameters }), {
      user_id: 'ann',
      num_items: 100,
      ...request,
    });

  it('never shows hidden, excluded or unavailable items, and fills the slate with all others', async () => {
    release.catalog.available[10] = 0;
    try {
      const slate = await all({ context: { exclude: ['item-12'] } });
      for (const absent of ['item-6', 'item-10', 'item-12']) expect(slate).not.toContain(absent);
      expect(slate).toHaveLength(57);
      expect(new Set(slate).size).toBe(57);
    } finally {
      release.catalog.available[10] = 1;
    }
  });
  it('shows bought items unless parameters or the request forbid repeats', async () => {
    expect(await all({})).toContain('item-4');
    expect(await all({}, { repeats: { allowPurchased: false } })).not.toContain('item-4');
    expect(await all({ context: { filters: { allow_purchased: false } } })).not.toContain('item-4');
    expect(
      await all({ context: { filters: { allow_purchased: true } } }, { repeats: { allowPurchased: false } }),
    ).toContain('item-4');
  });
  it('hides for a while what was just seen', async () => {
    const slate = await all({}, { repeats: { hideSeenS: 3600 } });
    expect(slate).not.toContain('item-8');
    expect(slate).toContain('item-2');
  });
  it('holds category, brand and price filters, also where it has to fill up from the catalogue', async () => {
    expect(await all({ context: { category: 'games' } })).toEqual(expect.arrayContaining(['item-1', 'item-59']));
    expect((await all({ context: { category: 'games' } })).every((id) => Number(id.slice(5)) % 2 === 1)).toBe(true);
    expect(
      (await all({ context: { filters: { brands: ['brand-3'] } } })).every((id) => Number(id.slice(5)) % 5 === 3),
    ).toBe(true);
    const priced = await all({ context: { filters: { min_price: 20, max_price: 22 } } });
    expect(priced.sort()).toEqual(['item-19', 'item-20', 'item-21']);
    expect(await all({ context: { category: 'no such' } })).toEqual([]);
  });
  it('counts in the status what was filtered and why, and which slates had to be filled up', async () => {
    const recommender = recommenderOf(release, { profiles: profiles() });
    await recommender.recommend({ user_id: 'ann', num_items: 3 }, 'r');
    expect(recommender.status()).toMatchObject({ topped_up: 0, dropped: { price: 0, category: 0 } });
    await recommender.recommend({ user_id: 'ann', num_items: 9, context: { filters: { max_price: 5 } } }, 'r');
    const status = recommender.status() as { topped_up: number; dropped: Record<string, number> };
    expect(status.topped_up).toBe(1);
    expect(status.dropped.price).toBeGreaterThan(10);
  });
  it('names the stage and reason of an absent item', async () => {
    const recommender = recommenderOf(release, { profiles: profiles(), parameters: { candidatesMax: 20 } });
    const why_not = ['nothing', 'item-6', 'item-1', 'item-3', 'item-5', 'item-7', 'item-9', 'item-11', 'item-13'];
    const answer = await recommender.recommend(
      { user_id: 'ann', num_items: 3, why_not, context: { exclude: ['item-1'] } },
      'r',
    );
    const stages = new Map(answer.why_not!.map(({ item_id, stage, reason }) => [item_id, { stage, reason }]));
    expect(stages.get('nothing')).toMatchObject({ stage: 'catalogue' });
    expect(stages.get('item-6')).toEqual({ stage: 'filter', reason: 'The shopper has hidden it.' });
    expect(stages.get('item-1')).toEqual({ stage: 'filter', reason: 'The request excludes it.' });
    expect([...stages.values()].every(({ reason }) => reason.length > 10)).toBe(true);
    expect(
      [...stages.values()].some(({ stage, reason }) => stage === 'rank' && /It ranked \d+ of 20/.test(reason)),
    ).toBe(true);
  });
});

describe('with a model for the first candidates only', () => {
  it('keeps the fused order behind them, and scores those as ever', async () => {
    const ask = async (rankedMax: number) => {
      const parameters = { candidatesMax: 40, rankedMax, diversity: { lambda: 0 } };
      const recommender = recommenderOf(release, { profiles: profiles(), parameters });
      const { recommendations } = await recommender.recommend({ user_id: 'ann', num_items: 40, explain: true }, 'r');
      return recommendations.map(({ item_id, score, explanation }) => ({ item_id, score, ...explanation! }));
    };
    const [all, few] = [await ask(40), await ask(10)];
    expect(few).toHaveLength(all.length);
    const scores = few.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const known = new Map(all.map(({ item_id, click_probability }) => [item_id, click_probability]));
    const modelled = few.slice(0, 10);
    expect(modelled.map(({ fused_rank }) => fused_rank).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const { item_id, click_probability } of modelled) expect(click_probability).toBe(known.get(item_id));
    const rest = few.slice(10);
    expect(rest.map(({ fused_rank }) => fused_rank)).toEqual(rest.map((_, i) => 11 + i));
    for (const one of rest) expect(one).toMatchObject({ click_probability: null, model_score: null });
  });
});

describe('when a part fails', () => {
  const broken: ProfileStore = { recent: () => Promise.reject(new Error('down')) };
  const hanging: ProfileStore = { recent: () => new Promise(() => undefined) };

  it.each([
    ['rejects', broken],
    ['does not answer', hanging],
  ])('serves without a profile store that %s, and says so', async (_, store) => {
    const failures: string[] = [];
    const recommender = recommenderOf(release, { profiles: store, onFailure: (what) => failures.push(what) });
    const answer = await recommender.recommend(
      { user_id: 'ann', num_items: 5, context: { recent_items: ['item-3'] } },
      'r',
    );
    expect(answer).toMatchObject({ tier: 'session', degraded: ['profile'] });
    expect(answer.recommendations).toHaveLength(5);
    expect(failures).toEqual(['profile']);
  });
  it('reads a profile that has come while the event loop was held up', async () => {
    const stored = profiles();
    const heldUp: ProfileStore = {
      recent: (unit, max) =>
        new Promise((resolve) => {
          setImmediate(() => {
            const untilMs = performance.now() + 60;
            while (performance.now() < untilMs);
            setImmediate(() => resolve(stored.recent(unit, max)));
          });
        }),
    };
    const answer = await recommenderOf(release, { profiles: heldUp }).recommend({ user_id: 'ann', num_items: 5 }, 'r');
    expect(answer).toMatchObject({ tier: 'personalized', degraded: [] });
  });
  it('keeps the fused order when the ranker fails, and says so', async () => {
    const failing = {
      ...release,
      ranker: { ...release.ranker!, int8: { run: () => Promise.reject(new Error('no')) } },
    };
    const degraded = await recommenderOf(failing as unknown as LoadedRelease, {
      parameters: { diversity: { lambda: 0 } },
    }).recommend({ session_id: 's', num_items: 5, context: { recent_items: ['item-3'] } }, 'r');
    expect(degraded.degraded).toEqual(['rank']);
    const fused = recommenderOf(release, { parameters: { precision: 'none', diversity: { lambda: 0 } } });
    expect(degraded.recommendations.map(({ item_id }) => item_id)).toEqual(
      await slateOf(fused, { session_id: 's', num_items: 5, context: { recent_items: ['item-3'] } }),
    );
  });
  it('says rank is degraded where a release has no ranker, and not where none is asked for', async () => {
    const request = { session_id: 's', num_items: 5 };
    const without = recommenderOf({ ...release, ranker: null });
    expect((await without.recommend(request, 'r')).degraded).toEqual(['rank']);
    const none = recommenderOf({ ...release, ranker: null }, { parameters: { precision: 'none' } });
    expect((await none.recommend(request, 'r')).degraded).toEqual([]);
  });
  it('goes on without a source that throws, and names it', async () => {
    const sources = release.sources.map((source) =>
      source.name === 'content'
        ? {
            name: source.name,
            retrieve: () => {
              throw new Error('content is broken');
            },
          }
        : source,
    );
    const answer = await recommenderOf({ ...release, sources }).recommend(
      { session_id: 's', num_items: 5, context: { recent_items: ['item-3'] } },
      'r',
    );
    expect(answer.degraded).toEqual(['retrieve.content']);
    expect(answer.recommendations).toHaveLength(5);
  });
  it.each([
    { without: ['content'], says: ['content'] },
    { without: ['content'], shares: { content: 0 }, says: [] },
    { without: ['user_user'], says: ['retrieve.user_user'] },
    { without: ['user_user'], off: { user_user: 0 }, says: [] },
    { without: ['two_tower', 'co_visitation', 'item_item', 'user_user'], says: ['collaborative'] },
  ])('declares what a release lacks: without $without it says $says', async ({ without, shares, off, says }) => {
    const sources = release.sources.filter(({ name }) => !without.includes(name));
    const recommender = recommenderOf(
      { ...release, sources },
      { parameters: { ...(shares ? { shares } : {}), ...(off ? { sources: off } : {}) } },
    );
    const request = { session_id: 's', num_items: 5 };
    const answer = await recommender.recommend({ ...request, context: { recent_items: ['item-3'] } }, 'r');
    expect(answer).toMatchObject({ tier: 'session', degraded: says });
    expect(answer.recommendations).toHaveLength(5);
    // Of somebody unknown nothing could have been compared.
    expect((await recommender.recommend(request, 'r')).degraded).toEqual([]);
  });
});

describe('the answer', () => {
  it('explains each item: sources, ranks, probabilities, groups, slot and a sentence', async () => {
    const recommender = recommenderOf(release, { profiles: profiles() });
    const answer = await recommender.recommend({ user_id: 'ann', num_items: 6, explain: true }, 'r');
    answer.recommendations.forEach(({ reason, explanation, score }, i) => {
      expect(reason).toMatch(/^[A-Z].+/);
      expect(explanation).toMatchObject({ slot: i + 1, propensity: 1, exploration: false });
      expect(explanation!.sources.length).toBeGreaterThan(0);
      expect(explanation!.click_probability).toBeGreaterThan(0);
      expect(explanation!.model_score).toBeCloseTo(
        0.2 * explanation!.click_probability! + explanation!.conversion_probability!,
        5,
      );
      expect(score).toBe(explanation!.model_score);
      expect(explanation!.features).toHaveLength(7);
      expect(explanation!.features.some(({ moved }) => moved !== 0)).toBe(true);
    });
    const plain = await recommender.recommend({ user_id: 'ann', num_items: 6 }, 'r');
    expect(plain.recommendations.map(({ item_id }) => item_id)).toEqual(
      answer.recommendations.map(({ item_id }) => item_id),
    );
    expect(plain.recommendations[0]).not.toHaveProperty('explanation');
  });
  it('never tells a stranger what "you" did', async () => {
    const request = { session_id: 'stranger', num_items: 20, explain: true };
    for (const context of [{}, { category: 'games' }]) {
      const { recommendations } = await recommenderOf(release).recommend({ ...request, context }, 'r');
      expect(recommendations).toHaveLength(20);
      for (const { reason } of recommendations) expect(reason).toMatch(/^(Popular|New) in (books|games)$/);
    }
  });
  it('names what the shopper did as the reason', async () => {
    const recommender = recommenderOf(release, { profiles: profiles() });
    const answer = await recommender.recommend({ user_id: 'ann', num_items: 60, explain: true }, 'r');
    const reasonOf = (id: string) => answer.recommendations.find(({ item_id }) => item_id === id)!.reason;
    expect(reasonOf('item-4')).toBe('You bought this before');
    expect(reasonOf('item-8')).toBe('You looked at this lately');
    expect(answer.recommendations.some(({ reason }) => /^Because you (bought|looked at) Title/.test(reason!))).toBe(
      true,
    );
  });
  it('reports every stage to the trace, in the order of the table', async () => {
    const seen: string[] = [];
    await recommenderOf(release).recommend({ session_id: 's', num_items: 3 }, 'r', {
      stage: (name) => seen.push(name),
    });
    expect(seen).toEqual(['assign', 'profile', 'retrieve', 'filter', 'rank', 'rerank', 'record']);
  });
  it('records the slate with its propensities', async () => {
    const kept = new KeptRecords();
    const recommender = recommenderOf(release, {
      records: kept.options,
      parameters: { exploration: { slots: 2, pool: 30 } },
    });
    const answer = await recommender.recommend({ session_id: 's', num_items: 5, context: { surface: 'home' } }, 'r7');
    await recommender.close();
    expect(kept.records).toEqual([
      expect.objectContaining({
        request_id: 'r7',
        session_id: 's',
        timestamp: NOW_S,
        surface: 'home',
        items: answer.recommendations.map(({ item_id }) => item_id),
        propensities: [1, 1, 1, expect.closeTo(1 / 27), expect.closeTo(1 / 27)],
        release: release.id,
        tier: 'trending',
        sources: answer.recommendations.map(() => expect.stringMatching(/^[a-z_]+$/) as string),
        error: null,
      }),
    ]);
  });
});

describe('catalogue answers', () => {
  it('similar: neighbours first, never the item itself; an unknown one is item_not_found', async () => {
    const { items } = await recommenderOf(release).similar('item-5', 4);
    expect(items.map(({ item_id }) => item_id).slice(0, 3)).toEqual(['item-6', 'item-7', 'item-8']);
    expect(items).toHaveLength(4);
    await expect(recommenderOf(release).similar('nothing', 4)).rejects.toMatchObject({ code: 'item_not_found' });
  });
  it('trending: the list in its order, of a category if asked', async () => {
    const { items } = await recommenderOf(release).trending(undefined, 3);
    expect(items.map(({ item_id }) => item_id)).toEqual(['item-0', 'item-1', 'item-2']);
    expect((await recommenderOf(release).trending('no such', 3)).items).toEqual([]);
  });
  it('products: a page of what matches', async () => {
    const page = await recommenderOf(release).products({ search: 'title 7', page: 1, pageSize: 5 });
    expect(page.products[0]).toMatchObject({ item_id: 'item-7', title: 'Title 7', price: 8, available: true });
    expect((await recommenderOf(release).products({ category: 'games', page: 2, pageSize: 20 })).total).toBe(30);
  });
});
