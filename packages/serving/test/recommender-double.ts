import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { RankRequest, RankResponse } from '@shortlist/core/contracts/rank.ts';
import type { RecommendRequest, RecommendResponse, Recommendation } from '@shortlist/core/contracts/recommend.ts';
import type { LiveFacts } from '@shortlist/serving/lifecycle.ts';
import type { Recommender, ReleaseControl } from '@shortlist/serving/recommender.ts';

/** Stands for the pipeline in tests of the HTTP side: answers at once, and remembers what it was asked. */
export class RecommenderDouble implements Recommender {
  readonly requests: RecommendRequest[] = [];
  /** Thrown by every call while set. */
  failure: Error | undefined;
  /** Awaited before every slate. */
  hold: Promise<void> | undefined;

  async recommend(
    request: RecommendRequest,
    requestId: string,
    trace?: { stage(name: string, ms: number): void },
  ): Promise<RecommendResponse> {
    this.requests.push(request);
    await this.hold;
    if (this.failure !== undefined) throw this.failure;
    trace?.stage('retrieve', 0.4);
    trace?.stage('rank', 1.2);
    return {
      recommendations: Array.from({ length: request.num_items }, (_, at) => itemNumber(at)),
      tier: request.user_id === undefined ? 'session' : 'personalized',
      degraded: request.user_id === 'degraded' ? ['rank'] : [],
      model_version: 'release-1',
      experiments: [],
      experiment_id: null,
      variant: null,
      request_id: requestId,
      latency_ms: 0,
    };
  }

  rank({ items }: RankRequest, requestId: string): Promise<RankResponse> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve({
      ranked: items.map((item_id, at) => ({ item_id, score: 1 / (1 + at) })),
      unknown: [],
      tier: 'personalized',
      degraded: [],
      model_version: 'release-1',
      request_id: requestId,
      latency_ms: 0,
    });
  }

  similar(productId: string, k: number) {
    if (productId === 'absent') return Promise.reject(new ShortlistError('item_not_found', { itemId: productId }));
    return this.#list(k);
  }

  trending(_category: string | undefined, k: number) {
    return this.#list(k);
  }

  products({ page, pageSize }: { page: number; pageSize: number }) {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve({ products: [], page, page_size: pageSize, total: 0, categories: ['audio'] });
  }

  status() {
    return { batches: 3 };
  }

  ready() {
    return { ready: true };
  }

  #list(k: number) {
    const items = Array.from({ length: k }, (_, at) => itemNumber(at));
    return Promise.resolve({ items, model_version: 'release-1' });
  }
}

function itemNumber(at: number): Recommendation {
  const metadata = { title: `Thing ${at}`, category: 'audio', brand: 'Acme', price: 9.5 };
  return { item_id: `item-${at}`, score: 1 / (1 + at), metadata };
}

export const liveDouble: LiveFacts = { lagS: 0.5, leaks: 2, status: () => ({ lag_s: 0.5, new_rows: 3 }) };

export const releasesDouble: ReleaseControl = {
  pinned: null,
  prepared: null,
  prepare: (release) => ({ ...release, state: 'loading', reason: null }),
  discard: () => undefined,
  reload: (releaseId) =>
    releaseId === 'broken'
      ? Promise.reject(
          new ShortlistError('release_digest_mismatch', { file: 'items.arrow', expected: 'a', actual: 'b' }),
        )
      : Promise.resolve({ active: releaseId ?? 'release-2', previous: 'release-1', last_refusal: null }),
  status: () => ({
    active: 'release-1',
    previous: 'release-0',
    last_refusal: { release: '<b>release-x</b>', reason: 'items.arrow is damaged', at: '2026-11-21T05:00:00Z' },
  }),
};
