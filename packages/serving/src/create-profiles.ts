import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { CacheTier, LogTier, ProfileCache, TieredProfiles, type ProfileTier } from './pipeline.ts';
import type { RedisBreaker } from './redis-breaker.ts';

export interface ProfileOptions {
  /** The event log. */
  readonly store: ProfileStore;
  /** Redis and what guards it; without it the log alone is behind the memory. */
  readonly redis?: { readonly stores: Pick<FastStores, 'profiles' | 'invalidations'>; readonly breaker: RedisBreaker };
  /** Profiles kept in memory. */
  readonly entriesMax: number;
  /** How stale a profile in memory may be, ms, when nobody tells of changes, and when they are told at once. */
  readonly ttlMs: number;
  readonly notifiedTtlMs?: number;
  /** Reads of the log at a time (without a limit when absent); eight times as many may wait. */
  readonly logReadsMax?: number;
  /** Told of every answer of every tier: where it came from, and whether there was anything. */
  readonly onRead?: (tier: ProfileTier, found: boolean) => void;
}

export interface Profiles {
  readonly cache: ProfileCache;
  close(): void;
}

/** A read takes about a millisecond, the stage waits for 20. */
const WAITING_PER_READ = 8;

/** The three tiers of profiles: memory, Redis, event log; memory listens for what changes. */
export function createProfiles(options: ProfileOptions): Profiles {
  const { store, redis, entriesMax, ttlMs, notifiedTtlMs = ttlMs, logReadsMax = Infinity, onRead } = options;
  const log = new LogTier({ store, readsMax: logReadsMax, waitingMax: WAITING_PER_READ * logReadsMax });
  const between = redis === undefined ? null : new CacheTier(redis.stores.profiles, redis.breaker);
  const cache: ProfileCache = new ProfileCache(new TieredProfiles(between, log), {
    entriesMax,
    ttlMs: () => (subscription?.live === true ? notifiedTtlMs : ttlMs),
    ...(onRead ? { onRead } : {}),
  });
  const subscription = redis?.stores.invalidations.subscribe({
    onUnits: (units) => cache.drop(units),
    onAll: () => cache.dropAll(),
    // What was kept for long because changes are told would now stay unchanged for long.
    onLost: () => cache.dropAll(),
  });
  return { cache, close: () => subscription?.close() };
}
