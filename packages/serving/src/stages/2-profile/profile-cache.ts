import { LRUCache } from 'lru-cache';
import type { ProfileEvents } from '@shortlist/core/contracts/profile.ts';
import { unitKeyOf, type UnitKey } from '@shortlist/core/stores/profile-store.ts';
import type { Unit } from '../../ranking-request.ts';
import { PROFILE_TIERS, type ProfileRead, type ProfileTier } from './profile-read.ts';

/** What is behind the process's own memory. */
export interface SlowerProfiles {
  recent(unit: Unit, max: number): Promise<ProfileRead>;
  status(): Readonly<Record<string, unknown>>;
}

export interface ProfileCacheOptions {
  /** Units that are kept, at least 1; the least recently used one goes first. */
  readonly entriesMax: number;
  /** How stale a profile may be now, in ms; 0 reads it every time (but once for requests that wait together). */
  readonly ttlMs: () => number;
  readonly random?: () => number;
  /** Told of every answer: where it came from, and whether there was anything. */
  readonly onRead?: (tier: ProfileTier, found: boolean) => void;
}

/** What was read past the cache says so in its answers, and must not go on to say so when the cache is back. */
const WITHOUT_CACHE_MS = 1_000;

interface Kept {
  /** Events asked for when it was read: it is whole for who wants no more. */
  readonly max: number;
  readonly read: ProfileRead;
}

interface Flight {
  readonly max: number;
  readonly read: Promise<ProfileRead>;
}

/**
 * L1: profiles in this process, single-flight (requests for one unit share a read), with a lifetime jittered by a quarter,
 * so that entries made together do not expire together. What is told to be outdated is dropped also while it is being
 * read: whoever asks from then on gets a new read, whoever waits gets what was true when he asked.
 */
export class ProfileCache {
  readonly #slower: SlowerProfiles;
  readonly #options: ProfileCacheOptions;
  readonly #random: () => number;
  readonly #kept: LRUCache<UnitKey, Kept>;
  readonly #flights = new Map<UnitKey, Flight>();
  readonly #found: Record<ProfileTier, number> = { memory: 0, redis: 0, log: 0 };
  #empty = 0;
  #failed = 0;
  #dropped = 0;

  constructor(slower: SlowerProfiles, options: ProfileCacheOptions) {
    this.#slower = slower;
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#kept = new LRUCache({ max: options.entriesMax });
  }

  /** Profiles in memory. */
  get kept(): number {
    return this.#kept.size;
  }

  /** The newest `max` events of the unit, oldest first. Rejects when no tier can give them; a failure is not kept. */
  async recent(unit: Unit, max: number): Promise<ProfileRead> {
    const key = unitKeyOf(unit);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.max >= max) return this.#counted(newest({ ...kept.read, tier: 'memory' }, max));
    let flight = this.#flights.get(key);
    if (flight === undefined || flight.max < max) flight = this.#depart(key, unit, max);
    try {
      return this.#counted(newest(await flight.read, max));
    } catch (error) {
      this.#failed += 1;
      throw error;
    }
  }

  /** These changed: what is known of them is no longer true. */
  drop(units: readonly UnitKey[]): void {
    for (const unit of units) {
      if (this.#kept.delete(unit)) this.#dropped += 1;
      this.#flights.delete(unit);
    }
  }

  dropAll(): void {
    this.#dropped += this.#kept.size;
    this.#kept.clear();
    this.#flights.clear();
  }

  /** Rates are cumulative: the share of all requests whose profile was found in this tier or a faster one. */
  status(): Readonly<Record<string, unknown>> {
    const found = PROFILE_TIERS.map((tier) => this.#found[tier]);
    const requests = found.reduce((sum, count) => sum + count, 0) + this.#empty + this.#failed;
    let sum = 0;
    const rates = PROFILE_TIERS.map((tier) => {
      sum += this.#found[tier];
      return [tier, requests === 0 ? null : Math.round((sum / requests) * 1e4) / 1e4] as const;
    });
    return {
      entries: this.kept,
      requests,
      hit_rates: Object.fromEntries(rates),
      found: { ...this.#found },
      empty: this.#empty,
      failed: this.#failed,
      dropped: this.#dropped,
      ttl_ms: this.#options.ttlMs(),
      ...this.#slower.status(),
    };
  }

  #depart(key: UnitKey, unit: Unit, max: number): Flight {
    const flight: Flight = { max, read: this.#slower.recent(unit, max) };
    this.#flights.set(key, flight);
    const arrive = (read?: ProfileRead) => {
      // Another one has its place: the unit changed meanwhile.
      if (this.#flights.get(key) !== flight) return;
      this.#flights.delete(key);
      if (read === undefined) return;
      const limitMs = read.withoutCache ? WITHOUT_CACHE_MS : Infinity;
      const ttl = Math.round(Math.min(limitMs, this.#options.ttlMs()) * (0.75 + 0.5 * this.#random()));
      if (ttl > 0) this.#kept.set(key, { max, read }, { ttl });
    };
    flight.read.then(arrive, () => arrive());
    return flight;
  }

  #counted(read: ProfileRead): ProfileRead {
    const isFound = read.events.itemIds.length > 0;
    if (isFound) this.#found[read.tier] += 1;
    else this.#empty += 1;
    this.#options.onRead?.(read.tier, isFound);
    return read;
  }
}

function newest(read: ProfileRead, max: number): ProfileRead {
  const { itemIds, types, timesS } = read.events;
  if (itemIds.length <= max) return read;
  const events: ProfileEvents = {
    itemIds: itemIds.slice(-max),
    types: types.subarray(-max),
    timesS: timesS.subarray(-max),
  };
  return { ...read, events };
}
