import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EMPTY_PROFILE_EVENTS } from '@shortlist/core/contracts/profile.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { ProfileCache } from '../../src/stages/2-profile/profile-cache.ts';
import { profilesOf } from '../pipeline/tiny-serving.ts';

const HISTORIES = { ann: [{ item: 'a', type: 'view', ago: 10 }] } as const;

describe('the profile cache', () => {
  it('reads a unit once for requests that wait together, and again only when it is stale', async () => {
    const store = profilesOf(HISTORIES);
    const cache = new ProfileCache(store, { entriesMax: 10, ttlMs: 60_000 });
    const [one, two] = await Promise.all([cache.recent({ userId: 'ann' }, 5), cache.recent({ userId: 'ann' }, 5)]);
    expect(one).toBe(two);
    expect(one.itemIds).toEqual(['a']);
    await cache.recent({ userId: 'ann' }, 5);
    expect(store.reads).toBe(1);
  });
  it('tells users from sessions, and lengths from each other', async () => {
    const cache = new ProfileCache(profilesOf({ ann: [...HISTORIES.ann, { item: 'b', type: 'view', ago: 1 }] }), {
      entriesMax: 10,
      ttlMs: 60_000,
    });
    expect((await cache.recent({ userId: 'ann' }, 1)).itemIds).toEqual(['b']);
    expect((await cache.recent({ userId: 'ann' }, 2)).itemIds).toEqual(['a', 'b']);
    expect(cache.status().entries).toBe(2);
    await cache.recent({ sessionId: 'ann' }, 2);
    expect(cache.status().entries).toBe(3);
  });
  it('does not keep a failure', async () => {
    let calls = 0;
    const cache = new ProfileCache(
      { recent: () => (++calls === 1 ? Promise.reject(new Error('down')) : Promise.resolve(EMPTY_PROFILE_EVENTS)) },
      { entriesMax: 10, ttlMs: 60_000 },
    );
    await expect(cache.recent({ userId: 'ann' }, 5)).rejects.toThrow('down');
    expect(await cache.recent({ userId: 'ann' }, 5)).toBe(EMPTY_PROFILE_EVENTS);
  });
  it('never holds more units than it may', async () => {
    const cache = new ProfileCache(profilesOf({}), { entriesMax: 3, ttlMs: 60_000 });
    for (let user = 0; user < 20; user++) await cache.recent({ userId: String(user) }, 5);
    expect(cache.status()).toEqual({ entries: 3, reads: 20 });
  });
  it('answers more units that wait together than it keeps', async () => {
    const store: ProfileStore = {
      async recent(unit) {
        await turn();
        return { ...EMPTY_PROFILE_EVENTS, itemIds: ['userId' in unit ? unit.userId : ''] };
      },
    };
    const cache = new ProfileCache(store, { entriesMax: 1, ttlMs: 60_000 });
    const users = ['ann', 'bob', 'cy', 'dee'];
    const answers = await Promise.all(users.map((userId) => cache.recent({ userId }, 5)));
    expect(answers.map(({ itemIds }) => itemIds[0])).toEqual(users);
    expect(cache.status()).toEqual({ entries: 1, reads: 4 });
  });
});
