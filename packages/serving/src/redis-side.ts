import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import { CachedAnswers } from './cached-answers.ts';
import type { PipelineObserver } from './recommender.ts';
import { RedisBreaker } from './redis-breaker.ts';
import { SlateCache } from './slate-cache.ts';

export interface RedisOptions {
  readonly stores: Pick<FastStores, 'profiles' | 'invalidations' | 'answers'>;
  /** Longest that a request waits for it, ms. */
  readonly timeoutMs: number;
  /** How long slates of `/recommend` may be given again, seconds; 0: never. */
  readonly recommendTtlS: number;
}

/** What a pod uses of Redis, behind one breaker: what hangs for profiles hangs for answers. */
export interface RedisSide {
  readonly stores: RedisOptions['stores'];
  readonly breaker: RedisBreaker;
  readonly answers: CachedAnswers;
  readonly slates: SlateCache | null;
}

export function createRedisSide(
  { stores, timeoutMs, recommendTtlS }: RedisOptions,
  outside: {
    readonly observer: PipelineObserver | undefined;
    readonly rulesVersion: () => string;
    readonly onFailure: (error: unknown) => void;
  },
): RedisSide {
  const { observer, rulesVersion, onFailure } = outside;
  const breaker = new RedisBreaker({ timeoutMs, onFailure });
  const answers = new CachedAnswers({ store: stores.answers, breaker, ...(observer ? { observer } : {}) });
  const slates = recommendTtlS > 0 ? new SlateCache({ answers, ttlS: recommendTtlS, rulesVersion }) : null;
  return { stores, breaker, answers, slates };
}
