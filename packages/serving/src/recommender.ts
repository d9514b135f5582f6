import type { RecommendRequest, RecommendResponse, Recommendation } from '@shortlist/core/contracts/recommend.ts';
import type { Readiness } from '@shortlist/service/routing/health.ts';

/**
 * What the HTTP side needs of the ranking side. `create-recommender.ts` implements it; the routes know nothing else of it.
 * Refusals are `ShortlistError`s (`item_not_found`, `not_ready`, `overloaded`, ...); any other throw is a bug and
 * becomes a 500.
 */
export interface Recommender {
  /** One slate. `trace`, when given, is told how long each stage took. */
  recommend(request: RecommendRequest, requestId: string, trace?: RequestTrace): Promise<RecommendResponse>;
  /** The `k` items most like a product. Throws `item_not_found`. */
  similar(productId: string, k: number): Promise<ItemList>;
  /** The `k` trending items, overall or of one category. */
  trending(category: string | undefined, k: number): Promise<ItemList>;
  /** One page of the catalogue. */
  products(query: ProductQuery): Promise<ProductPage>;
  /** Whatever `/status` should say about the release, the batching and the pipeline; JSON-safe. */
  status(): Readonly<Record<string, unknown>>;
  /** May traffic come? False until load, golden check and warm-up are done. */
  ready(): Readiness;
}

/** Collects the timings of one request, for its log line and the histograms. */
export interface RequestTrace {
  stage(name: string, ms: number): void;
}

/** What the batching tells the metrics; the pipeline gets one and calls it, it never imports the metrics. */
export interface PipelineObserver {
  /** One batch was computed. */
  batch(requests: number, rows: number): void;
  /** Requests that wait for their batch right now. */
  queueDepth(requests: number): void;
  /** A profile was read: from `memory`, `redis` or `log`, and whether there was anything. */
  profileRead(tier: string, found: boolean): void;
  /** An answer cache was asked: `hit`, `miss`, or `failure` when it could not answer. */
  answerCache(name: string, outcome: 'hit' | 'miss' | 'failure'): void;
}

export interface ItemList {
  readonly items: readonly Recommendation[];
  readonly model_version: string;
}

/** A page of the catalogue; pages count from 1. */
export interface ProductQuery {
  readonly search?: string;
  readonly category?: string;
  readonly minPrice?: number;
  readonly maxPrice?: number;
  readonly page: number;
  readonly pageSize: number;
}

export interface Product {
  readonly item_id: string;
  readonly title: string;
  readonly category: string;
  readonly brand: string;
  readonly price: number;
  readonly available: boolean;
}

export interface ProductPage {
  readonly products: readonly Product[];
  readonly page: number;
  readonly page_size: number;
  /** Products that match, over all pages. */
  readonly total: number;
  readonly categories: readonly string[];
}

/** What the admin port does with releases; the release holder stands behind it. */
export interface ReleaseControl {
  /** Loads the release that `active.json` names (or `releaseId`) beside the current one and swaps. Throws `release_*`. */
  reload(releaseId?: string): Promise<ReleaseStatus>;
  status(): ReleaseStatus;
}

export interface ReleaseStatus {
  readonly active: string | null;
  readonly previous: string | null;
  /** Why the last release offered was refused, and when; null when none was. */
  readonly last_refusal: { readonly release: string; readonly reason: string; readonly at: string } | null;
}
