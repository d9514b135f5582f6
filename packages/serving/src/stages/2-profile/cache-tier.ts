import { CircuitState, circuitBreaker, CountBreaker, handleAll, type CircuitBreakerPolicy } from 'cockatiel';
import type { FillTicket, ProfileCacheRead, ProfileCacheStore } from '@shortlist/core/stores/profile-cache.ts';
import type { KeyedProfileEvents, UnitKey } from '@shortlist/core/stores/profile-store.ts';
import { within } from '../../within.ts';

export interface CacheTierOptions {
  readonly store: ProfileCacheStore;
  /** Longest that a read may take, ms. */
  readonly timeoutMs: number;
  /** How long nothing is sent after too many failures, ms; then one read tries. */
  readonly restMs?: number;
  readonly onFailure: (error: unknown) => void;
}

/** Half of the last 40 reads, once there were 10. */
const BREAKER = { threshold: 0.5, size: 40, minimumNumberOfCalls: 10 };
const REST_MS = 1_000;

/**
 * L2: profiles in Redis behind a circuit breaker. A Redis that is gone, hung or slow costs a few requests `timeoutMs`
 * each; then it is left alone but for one read every `restMs`.
 */
export class CacheTier {
  readonly #options: CacheTierOptions;
  readonly #breaker: CircuitBreakerPolicy;
  #skipped = 0;
  #failed = 0;
  #filled = 0;

  constructor(options: CacheTierOptions) {
    this.#options = options;
    this.#breaker = circuitBreaker(handleAll, {
      halfOpenAfter: options.restMs ?? REST_MS,
      breaker: new CountBreaker(BREAKER),
    });
  }

  /** Null when Redis was not asked or did not answer in time. */
  async read(unit: UnitKey, max: number): Promise<ProfileCacheRead | null> {
    // While one read tries, cockatiel would let the others wait for how it ends.
    if (this.#breaker.state === CircuitState.HalfOpen) return this.#skip();
    let isSent = false;
    try {
      return await this.#breaker.execute(() => {
        isSent = true;
        return within(this.#options.timeoutMs, this.#options.store.read(unit, max), 'the cached profile');
      });
    } catch (error) {
      if (!isSent) return this.#skip();
      this.#failed += 1;
      this.#options.onFailure(error);
      return null;
    }
  }

  /** Nobody waits for it; a failure is counted and told. */
  fill(unit: UnitKey, ticket: FillTicket, max: number, events: KeyedProfileEvents): void {
    if (this.#breaker.state !== CircuitState.Closed) return;
    this.#options.store.fill(unit, ticket, max, events).then(
      (filled) => (this.#filled += filled ? 1 : 0),
      (error: unknown) => this.#options.onFailure(error),
    );
  }

  status(): { readonly breaker: string; readonly skipped: number; readonly failed: number; readonly filled: number } {
    const breaker = this.#breaker.state === CircuitState.Closed ? 'closed' : 'open';
    return { breaker, skipped: this.#skipped, failed: this.#failed, filled: this.#filled };
  }

  #skip(): null {
    this.#skipped += 1;
    return null;
  }
}
