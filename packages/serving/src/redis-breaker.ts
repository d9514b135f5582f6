import { CircuitState, circuitBreaker, CountBreaker, handleAll, type CircuitBreakerPolicy } from 'cockatiel';
import { within } from './within.ts';

export interface RedisBreakerOptions {
  /** Longest that an answer may take, ms. */
  readonly timeoutMs: number;
  /** How long nothing is sent after too many failures, ms; then one call tries. Default 1,000. */
  readonly restMs?: number;
  readonly onFailure: (error: unknown) => void;
}

/** Half of the last 40 calls, once there were 10. */
const BREAKER = { threshold: 0.5, size: 40, minimumNumberOfCalls: 10 };
const REST_MS = 1_000;

/**
 * Between requests and Redis: one that is gone, hung or slow costs a few requests `timeoutMs` each; then it is left alone
 * but for one call every `restMs`. A failure is told here and is no failure of who asked: he has another way.
 */
export class RedisBreaker {
  readonly #timeoutMs: number;
  readonly #onFailure: (error: unknown) => void;
  readonly #circuit: CircuitBreakerPolicy;
  #skipped = 0;
  #failed = 0;

  constructor({ timeoutMs, restMs = REST_MS, onFailure }: RedisBreakerOptions) {
    this.#timeoutMs = timeoutMs;
    this.#onFailure = onFailure;
    this.#circuit = circuitBreaker(handleAll, { halfOpenAfter: restMs, breaker: new CountBreaker(BREAKER) });
  }

  get closed(): boolean {
    return this.#circuit.state === CircuitState.Closed;
  }

  /** What `work` gave; null when it was not run, failed or took too long. */
  async ask<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    // While one call tries, cockatiel would let the others wait for how it ends.
    if (this.#circuit.state === CircuitState.HalfOpen) return this.#skip();
    let isSent = false;
    try {
      return await this.#circuit.execute(() => {
        isSent = true;
        return within(this.#timeoutMs, work(), what);
      });
    } catch (error) {
      if (!isSent) return this.#skip();
      this.#failed += 1;
      this.#onFailure(error);
      return null;
    }
  }

  /** Runs `work`, for which nobody waits, unless Redis is left alone. */
  tell(work: () => Promise<unknown>): void {
    if (this.closed) work().catch(this.#onFailure);
  }

  status(): { readonly breaker: string; readonly skipped: number; readonly failed: number } {
    return { breaker: this.closed ? 'closed' : 'open', skipped: this.#skipped, failed: this.#failed };
  }

  #skip(): null {
    this.#skipped += 1;
    return null;
  }
}
