import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryFastStores } from '@shortlist/core/stores/memory/fast-stores.ts';
import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import type { ProfileCacheStore, ProfileEvent } from '@shortlist/core/stores/profile-cache.ts';
import type { KeyedProfileEvents, ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { createProfiles, type ProfileOptions } from '../../src/create-profiles.ts';
import { RedisBreaker, type RedisBreakerOptions } from '../../src/redis-breaker.ts';

const event = (number: number): ProfileEvent => ({
  key: String(number),
  itemId: `item-${number}`,
  type: 1,
  timeS: number,
});
const keyed = (events: readonly ProfileEvent[]): KeyedProfileEvents => ({
  keys: events.map(({ key }) => key),
  itemIds: events.map(({ itemId }) => itemId),
  types: Uint8Array.from(events, ({ type }) => type),
  timesS: Float64Array.from(events, ({ timeS }) => timeS),
});

/** An event log that counts its readers. */
class Log implements ProfileStore {
  events: ProfileEvent[] = [event(1)];
  reads = 0;
  reading = 0;
  readingMost = 0;
  down = false;

  async recent(): Promise<KeyedProfileEvents> {
    this.reads += 1;
    this.reading += 1;
    this.readingMost = Math.max(this.reading, this.readingMost);
    for (let turns = 0; turns < 5; turns++) await turn();
    this.reading -= 1;
    if (this.down) throw new Error('the log is down');
    return keyed(this.events);
  }
}

/** A profile cache that can fail or hang. */
class Flaky implements ProfileCacheStore {
  readonly #store: ProfileCacheStore;
  mode: 'well' | 'down' | 'hung' = 'well';
  asked = 0;

  constructor(store: ProfileCacheStore) {
    this.#store = store;
  }

  read: ProfileCacheStore['read'] = (...args) => {
    this.asked += 1;
    if (this.mode === 'down') return Promise.reject(new Error('gone'));
    return this.mode === 'hung' ? new Promise(() => undefined) : this.#store.read(...args);
  };
  fill: ProfileCacheStore['fill'] = (...args) => this.#store.fill(...args);
  apply: ProfileCacheStore['apply'] = (...args) => this.#store.apply(...args);
  forget: ProfileCacheStore['forget'] = (...args) => this.#store.forget(...args);
  forgetAll: ProfileCacheStore['forgetAll'] = () => this.#store.forgetAll();
}

describe('profiles in three tiers', () => {
  let fast: FastStores;
  let redis: Flaky;
  let log: Log;
  const open = ({
    restMs,
    timeoutMs = 1000,
    onFailure,
    ...options
  }: Partial<ProfileOptions & RedisBreakerOptions> = {}) =>
    createProfiles({
      store: log,
      redis: {
        stores: { profiles: redis, invalidations: fast.invalidations },
        breaker: new RedisBreaker({
          timeoutMs,
          onFailure: onFailure ?? (() => undefined),
          ...(restMs === undefined ? {} : { restMs }),
        }),
      },
      entriesMax: 100,
      ttlMs: 0,
      ...options,
    });
  afterEach(() => vi.useRealTimers());
  beforeEach(() => {
    fast = memoryFastStores();
    redis = new Flaky(fast.profiles);
    log = new Log();
  });

  it('asks memory, then Redis, then the log, and fills what was asked in between', async () => {
    const { cache } = open({ notifiedTtlMs: 60_000 });
    const other = open().cache;
    const ann = { userId: 'ann' };
    expect((await cache.recent(ann, 100)).tier).toBe('log');
    expect((await cache.recent(ann, 100)).tier).toBe('memory');
    expect((await other.recent(ann, 100)).tier).toBe('redis');
    expect((await other.recent({ userId: 'bob' }, 100)).events.itemIds).toEqual(['item-1']);
    expect(log.reads).toBe(2);
    expect(cache.status()).toMatchObject({ hit_rates: { memory: 0.5, redis: 0.5, log: 1 }, redis: { filled: 1 } });
  });

  it('gives an event that was applied and announced to every pod, however long it keeps profiles', async () => {
    const pods = [open({ notifiedTtlMs: 3_600_000 }), open({ notifiedTtlMs: 3_600_000 })];
    for (const { cache } of pods)
      expect((await cache.recent({ userId: 'ann' }, 100)).events.itemIds).toEqual(['item-1']);
    log.events.push(event(2));
    await fast.profiles.apply(new Map([['u:ann', [event(2)]]]));
    await fast.invalidations.publish(['u:ann']);
    for (const { cache } of pods) {
      expect((await cache.recent({ userId: 'ann' }, 100)).events.itemIds).toEqual(['item-1', 'item-2']);
    }
  });

  it('leaves a Redis that fails alone, answers from the log and says so', async () => {
    redis.mode = 'down';
    const failures: unknown[] = [];
    const { cache } = open({ onFailure: (error) => failures.push(error) });
    for (let user = 0; user < 50; user++) {
      const read = await cache.recent({ userId: String(user) }, 100);
      expect(read).toMatchObject({ tier: 'log', withoutCache: true, events: { itemIds: ['item-1'] } });
    }
    expect(redis.asked).toBe(10);
    expect(failures).toHaveLength(10);
    expect(cache.status()).toMatchObject({ redis: { breaker: 'open', failed: 10, skipped: 40 } });
  });

  it('waits for a Redis that hangs a few times only', async () => {
    redis.mode = 'hung';
    const { cache } = open({ timeoutMs: 5 });
    await Promise.all(Array.from({ length: 30 }, (_, user) => cache.recent({ userId: String(user) }, 100)));
    const { asked } = redis;
    await Promise.all(Array.from({ length: 30 }, (_, user) => cache.recent({ userId: String(user) }, 100)));
    expect(redis.asked).toBe(asked);
  });

  it('asks again after a rest, with one read that tries, and says nothing once Redis is back', async () => {
    // The clock stands still but for the rests, so that a busy machine does not open the breaker in between.
    vi.useFakeTimers({ toFake: ['Date'] });
    const rest = () => vi.setSystemTime(Date.now() + 30);
    redis.mode = 'down';
    const { cache } = open({ restMs: 20 });
    for (let user = 0; user < 20; user++) await cache.recent({ userId: String(user) }, 100);
    expect(redis.asked).toBe(10);
    rest();
    await Promise.all(Array.from({ length: 20 }, (_, user) => cache.recent({ userId: String(user) }, 100)));
    expect(redis.asked).toBe(11);
    redis.mode = 'well';
    rest();
    await cache.recent({ userId: 'ann' }, 100);
    expect(await cache.recent({ userId: 'ann' }, 100)).toMatchObject({ tier: 'redis', withoutCache: false });
  });

  it('asks the log for so many at a time; what is more is refused at once', async () => {
    redis.mode = 'down';
    const { cache } = open({ logReadsMax: 2 });
    const reads = await Promise.allSettled(
      Array.from({ length: 100 }, (_, user) => cache.recent({ userId: String(user) }, 100)),
    );
    expect(log.readingMost).toBe(2);
    expect(reads.filter(({ status }) => status === 'fulfilled')).toHaveLength(2 + 16);
    expect(cache.status()).toMatchObject({ failed: 82, log: { refused: 82 } });
  });

  it('rejects when the log fails too', async () => {
    redis.mode = 'down';
    log.down = true;
    await expect(open().cache.recent({ userId: 'ann' }, 100)).rejects.toThrow('the log is down');
  });
});
