import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { KeyedProfileEvents, ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { createProfiles, type ProfileOptions } from '../../src/create-profiles.ts';
import { ProfileCache } from '../../src/stages/2-profile/profile-cache.ts';
import { profilesOf } from '../pipeline/tiny-serving.ts';

const HISTORIES = { ann: [{ item: 'a', type: 'view', ago: 10 }] } as const;
const EMPTY: KeyedProfileEvents = { keys: [], itemIds: [], types: new Uint8Array(0), timesS: new Float64Array(0) };

const cacheOf = (store: ProfileStore, options: Partial<ProfileOptions> = {}) =>
  createProfiles({ store, entriesMax: 10, ttlMs: 60_000, ...options }).cache;

describe('the profile cache', () => {
  it('reads a unit once for requests that wait together, and again only when it is stale', async () => {
    const store = profilesOf(HISTORIES);
    const cache = cacheOf(store);
    const [one, two] = await Promise.all([cache.recent({ userId: 'ann' }, 5), cache.recent({ userId: 'ann' }, 5)]);
    expect(one.events).toBe(two.events);
    expect(one).toMatchObject({ tier: 'log', withoutCache: false, events: { itemIds: ['a'] } });
    expect((await cache.recent({ userId: 'ann' }, 5)).tier).toBe('memory');
    expect(store.reads).toBe(1);
  });
  it('tells users from sessions, and reads again for who wants more than was asked for', async () => {
    const store = profilesOf({ ann: [...HISTORIES.ann, { item: 'b', type: 'view', ago: 1 }] });
    const cache = cacheOf(store);
    expect((await cache.recent({ userId: 'ann' }, 1)).events.itemIds).toEqual(['b']);
    expect((await cache.recent({ userId: 'ann' }, 2)).events.itemIds).toEqual(['a', 'b']);
    expect((await cache.recent({ userId: 'ann' }, 1)).events).toMatchObject({
      itemIds: ['b'],
      types: Uint8Array.of(1),
      timesS: expect.objectContaining({ length: 1 }),
    });
    expect(store.reads).toBe(2);
    await cache.recent({ sessionId: 'ann' }, 2);
    expect(cache.status()).toMatchObject({ entries: 2 });
  });
  it('does not keep a failure', async () => {
    let calls = 0;
    const cache = cacheOf({
      recent: () => (++calls === 1 ? Promise.reject(new Error('down')) : Promise.resolve(EMPTY)),
    });
    await expect(cache.recent({ userId: 'ann' }, 5)).rejects.toThrow('down');
    expect((await cache.recent({ userId: 'ann' }, 5)).events).toBe(EMPTY);
    expect(cache.status()).toMatchObject({ failed: 1, empty: 1 });
  });
  it('does not go on to say that the cache was skipped when it is back', async () => {
    let isCacheAway = true;
    const cache = new ProfileCache(
      {
        recent: () => Promise.resolve({ events: EMPTY, tier: 'log', withoutCache: isCacheAway }),
        status: () => ({}),
      },
      { entriesMax: 10, ttlMs: () => 30_000 },
    );
    expect((await cache.recent({ userId: 'ann' }, 5)).withoutCache).toBe(true);
    isCacheAway = false;
    // A second, and the quarter by which lifetimes are jittered.
    await expect
      .poll(async () => (await cache.recent({ userId: 'ann' }, 5)).withoutCache, { timeout: 10_000 })
      .toBe(false);
  });
  it('never holds more units than it may', async () => {
    const cache = cacheOf(profilesOf({}), { entriesMax: 3 });
    for (let user = 0; user < 20; user++) await cache.recent({ userId: String(user) }, 5);
    expect(cache.status()).toMatchObject({ entries: 3, requests: 20 });
  });
  it('answers more units that wait together than it keeps', async () => {
    const store: ProfileStore = {
      async recent(unit) {
        await turn();
        return { ...EMPTY, itemIds: ['userId' in unit ? unit.userId : ''] };
      },
    };
    const cache = cacheOf(store, { entriesMax: 1 });
    const users = ['ann', 'bob', 'cy', 'dee'];
    const answers = await Promise.all(users.map((userId) => cache.recent({ userId }, 5)));
    expect(answers.map(({ events }) => events.itemIds[0])).toEqual(users);
    expect(cache.status()).toMatchObject({ entries: 1, requests: 4 });
  });
  it('drops what changed, also while it is being read: who asks afterwards gets a new read', async () => {
    const waiting: ((events: KeyedProfileEvents) => void)[] = [];
    const cache = cacheOf({ recent: () => new Promise((resolve) => waiting.push(resolve)) });
    const before = cache.recent({ userId: 'ann' }, 5);
    cache.drop(['u:ann', 's:ann']);
    const after = cache.recent({ userId: 'ann' }, 5);
    expect(waiting).toHaveLength(2);
    waiting[1]!({ ...EMPTY, itemIds: ['new'] });
    waiting[0]!({ ...EMPTY, itemIds: ['old'] });
    expect((await before).events.itemIds).toEqual(['old']);
    expect((await after).events.itemIds).toEqual(['new']);
    expect((await cache.recent({ userId: 'ann' }, 5)).events.itemIds).toEqual(['new']);
    cache.dropAll();
    void cache.recent({ userId: 'ann' }, 5);
    expect(waiting).toHaveLength(3);
  });
});
