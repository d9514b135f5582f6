import type { AnswerCache } from '@shortlist/core/stores/answer-cache.ts';
import type { PipelineObserver } from './recommender.ts';
import type { RedisBreaker } from './redis-breaker.ts';

/** How long answers are kept, seconds, unless what outdates them happens first. */
export const ANSWER_TTL_S = { 'similar-products': 3_600, trending: 900, dashboard: 60 } as const;

export interface CachedAnswersOptions {
  readonly store: AnswerCache;
  readonly breaker: RedisBreaker;
  readonly observer?: Pick<PipelineObserver, 'answerCache'>;
}

export interface AnswerRequest<T> {
  readonly name: string;
  readonly key: string;
  readonly ttlS: number;
  readonly compute: () => Promise<T>;
  /** Whether a kept answer can still be given; else it is computed. */
  readonly holds?: (kept: T) => boolean;
}

/**
 * Ready answers that the pods share. Requests for one answer share its computation. A Redis that fails means computing,
 * as without one.
 */
export class CachedAnswers {
  readonly #options: CachedAnswersOptions;
  readonly #computing = new Map<string, Promise<unknown>>();
  readonly #outcomes = { hit: 0, miss: 0, failure: 0 };

  constructor(options: CachedAnswersOptions) {
    this.#options = options;
  }

  async answer<T>(request: AnswerRequest<T>): Promise<T> {
    const id = `${request.name} ${request.key}`;
    const computing = this.#computing.get(id);
    if (computing !== undefined) return computing as Promise<T>;
    const answer = this.#answer(request);
    this.#computing.set(id, answer);
    try {
      return await answer;
    } finally {
      this.#computing.delete(id);
    }
  }

  /** What is kept, and the version to keep something under; null when Redis does not answer. */
  async find<T>(name: string, key: string): Promise<{ readonly kept: T | null; readonly version: string } | null> {
    const found = await this.#options.breaker.ask(`the cache of ${name}`, () => this.#options.store.read(name, key));
    if (found === null) return null;
    return { kept: found.value === null ? null : (JSON.parse(found.value) as T), version: found.version };
  }

  keep(name: string, key: string, answer: { value: unknown; version: string; ttlS: number }): void {
    const value = JSON.stringify(answer.value);
    this.#options.breaker.tell(() => this.#options.store.write(name, key, { ...answer, value }));
  }

  count(name: string, outcome: 'hit' | 'miss' | 'failure'): void {
    this.#outcomes[outcome] += 1;
    this.#options.observer?.answerCache(name, outcome);
  }

  status(): Readonly<Record<string, unknown>> {
    return { ...this.#outcomes, ...this.#options.breaker.status() };
  }

  async #answer<T>({ name, key, ttlS, compute, holds }: AnswerRequest<T>): Promise<T> {
    const found = await this.find<T>(name, key);
    if (found !== null && found.kept !== null && (holds === undefined || holds(found.kept))) {
      this.count(name, 'hit');
      return found.kept;
    }
    this.count(name, found === null ? 'failure' : 'miss');
    const value = await compute();
    if (found !== null) this.keep(name, key, { value, version: found.version, ttlS });
    return value;
  }
}
