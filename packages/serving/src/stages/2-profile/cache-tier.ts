import type { FillTicket, ProfileCacheRead, ProfileCacheStore } from '@shortlist/core/stores/profile-cache.ts';
import type { KeyedProfileEvents, UnitKey } from '@shortlist/core/stores/profile-store.ts';
import type { RedisBreaker } from '../../redis-breaker.ts';

/** L2: profiles in Redis. */
export class CacheTier {
  readonly #store: ProfileCacheStore;
  readonly #breaker: RedisBreaker;
  #filled = 0;

  constructor(store: ProfileCacheStore, breaker: RedisBreaker) {
    this.#store = store;
    this.#breaker = breaker;
  }

  /** Null when Redis was not asked or did not answer in time. */
  read(unit: UnitKey, max: number): Promise<ProfileCacheRead | null> {
    return this.#breaker.ask('the cached profile', () => this.#store.read(unit, max));
  }

  /** Nobody waits for it. */
  fill(unit: UnitKey, ticket: FillTicket, max: number, events: KeyedProfileEvents): void {
    this.#breaker.tell(async () => {
      if (await this.#store.fill(unit, ticket, max, events)) this.#filled += 1;
    });
  }

  status(): Readonly<Record<string, unknown>> {
    return { ...this.#breaker.status(), filled: this.#filled };
  }
}
