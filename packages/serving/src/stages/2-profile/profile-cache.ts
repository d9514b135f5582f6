import { LRUCache } from 'lru-cache';
import type { ProfileEvents } from '@shortlist/core/contracts/profile.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import type { Unit } from '../../ranking-request.ts';

export interface ProfileCacheOptions {
  /** Units that are kept, at least 1; the least recently used one goes first. */
  readonly entriesMax: number;
  /** How stale a profile may be, in ms; 0 reads the store every time (but once for requests that wait together). */
  readonly ttlMs: number;
  readonly random?: () => number;
}

/**
 * L1 in front of a profile store: single-flight (requests for one unit share a read) with a lifetime jittered by a
 * quarter, so that entries made together do not expire together.
 */
export class ProfileCache {
  readonly #cache: LRUCache<string, ProfileEvents, ProfileRead>;
  #reads = 0;

  constructor(store: ProfileStore, { entriesMax, ttlMs, random = Math.random }: ProfileCacheOptions) {
    this.#cache = new LRUCache({
      max: entriesMax,
      // More units may wait for the store than are kept: a read whose place went to another still answers its requests.
      ignoreFetchAbort: true,
      fetchMethod: async (_key, _stale, { context, options }) => {
        this.#reads += 1;
        options.ttl = Math.max(1, Math.round(ttlMs * (0.75 + 0.5 * random())));
        return store.recent(context.unit, context.max);
      },
    });
  }

  /** The newest `max` events of the unit, oldest first. Rejects as the store does; a failure is not kept. */
  async recent(unit: Unit, max: number): Promise<ProfileEvents> {
    const key = 'userId' in unit ? `u${max}:${unit.userId}` : `s${max}:${unit.sessionId}`;
    const events = await this.#cache.fetch(key, { context: { unit, max } });
    if (events === undefined) throw new Error('the profile read was abandoned');
    return events;
  }

  status(): { entries: number; reads: number } {
    return { entries: this.#cache.size, reads: this.#reads };
  }
}

interface ProfileRead {
  readonly unit: Unit;
  readonly max: number;
}
