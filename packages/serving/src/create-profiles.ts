import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { CacheTier, LogTier, ProfileCache, TieredProfiles, type ProfileTier } from './pipeline.ts';

export interface ProfileOptions {
  /** The event log. */
  readonly store: ProfileStore;
  /** Redis; without it the log alone is behind the memory. */
  readonly fast?: Pick<FastStores, 'profiles' | 'invalidations'>;
  /** Profiles kept in memory. */
  readonly entriesMax: number;
  /** How stale a profile in memory may be, ms, when nobody tells of changes, and when they are told at once. */
  readonly ttlMs: number;
  readonly notifiedTtlMs?: number;
  /** Longest read of Redis, ms. */
  readonly redisTimeoutMs?: number;
  /** How long a Redis that fails is left alone, ms. */
  readonly redisRestMs?: number;
  /** Reads of the log at a time (without a limit when absent); eight times as many may wait. */
  readonly logReadsMax?: number;
  /** Told of every answer of every tier: where it came from, and whether there was anything. */
  readonly onRead?: (tier: ProfileTier, found: boolean) => void;
  readonly onFailure?: (error: unknown) => void;
}

export interface Profiles {
  readonly cache: ProfileCache;
  close(): void;
}

const DEFAULTS = { redisTimeoutMs: 8, logReadsMax: Infinity };
/** A read takes about a millisecond, the stage waits for 20. */
const WAITING_PER_READ = 8;

/** The three tiers of profiles: memory, Redis, event log; memory listens for what changes. */
export function createProfiles(options: ProfileOptions): Profiles {
  const { store, fast, entriesMax, ttlMs, notifiedTtlMs = ttlMs, onRead, onFailure } = options;
  const readsMax = options.logReadsMax ?? DEFAULTS.logReadsMax;
  const log = new LogTier({ store, readsMax, waitingMax: WAITING_PER_READ * readsMax });
  const redis =
    fast === undefined
      ? null
      : new CacheTier({
          store: fast.profiles,
          timeoutMs: options.redisTimeoutMs ?? DEFAULTS.redisTimeoutMs,
          ...(options.redisRestMs === undefined ? {} : { restMs: options.redisRestMs }),
          onFailure: onFailure ?? (() => undefined),
        });
  const cache: ProfileCache = new ProfileCache(new TieredProfiles(redis, log), {
    entriesMax,
    ttlMs: () => (subscription?.live === true ? notifiedTtlMs : ttlMs),
    ...(onRead ? { onRead } : {}),
  });
  const subscription = fast?.invalidations.subscribe({
    onUnits: (units) => cache.drop(units),
    onAll: () => cache.dropAll(),
    // What was kept for long because changes are told would now stay unchanged for long.
    onLost: () => cache.dropAll(),
  });
  return { cache, close: () => subscription?.close() };
}
