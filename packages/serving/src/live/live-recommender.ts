import type { RankResponse } from '@shortlist/core/contracts/rank.ts';
import type { RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import type { ItemList, PipelineFacts, Recommender } from '../recommender.ts';
import type { Live } from './open-live.ts';

type Follows = Pick<Live, 'late' | 'served'>;

/** A recommender whose answers say when the live state is late, and are compared with the truth by sample. */
export class LiveRecommender implements Recommender {
  readonly #inner: Recommender;
  readonly #live: Follows;

  constructor(inner: Recommender, live: Follows) {
    this.#inner = inner;
    this.#live = live;
  }

  async recommend(...args: Parameters<Recommender['recommend']>): Promise<RecommendResponse> {
    const answer = await this.#inner.recommend(...args);
    this.#live.served(() => answer.recommendations.map(({ item_id }) => item_id));
    return this.#live.late ? { ...answer, degraded: [...answer.degraded, 'live'] } : answer;
  }

  async rank(...args: Parameters<Recommender['rank']>): Promise<RankResponse> {
    const answer = await this.#inner.rank(...args);
    return this.#live.late ? { ...answer, degraded: [...answer.degraded, 'live'] } : answer;
  }

  async similar(...args: Parameters<Recommender['similar']>): Promise<ItemList> {
    return this.#listed(await this.#inner.similar(...args));
  }

  async trending(...args: Parameters<Recommender['trending']>): Promise<ItemList> {
    return this.#listed(await this.#inner.trending(...args));
  }

  products(...args: Parameters<Recommender['products']>): ReturnType<Recommender['products']> {
    return this.#inner.products(...args);
  }

  status(): ReturnType<Recommender['status']> {
    return this.#inner.status();
  }

  facts(): PipelineFacts | undefined {
    return this.#inner.facts?.();
  }

  ready(): ReturnType<Recommender['ready']> {
    return this.#inner.ready();
  }

  #listed(list: ItemList): ItemList {
    this.#live.served(() => list.items.map(({ item_id }) => item_id));
    return list;
  }
}
