import type { RankRequest, RankResponse } from '@shortlist/core/contracts/rank.ts';
import type {
  RecommendRequest,
  RecommendResponse,
  Recommendation,
  RequestPriority,
} from '@shortlist/core/contracts/recommend.ts';
import type { Readiness } from '@shortlist/service/routing/health.ts';

/**
 * What the HTTP side needs of the ranking side. `create-recommender.ts` implements it; the routes know nothing else of it.
 * Refusals are `ShortlistError`s (`item_not_found`, `not_ready`, `overloaded`, ...); any other throw is a bug and
 * becomes a 500.
 */
export interface Recommender {
  /** One slate. `trace`, when given, is told how long each stage took. */
  recommend(request: RecommendRequest, requestId: string, trace?: RequestTrace): Promise<RecommendResponse>;
  /** The order of given items for a user or a session. */
  rank(request: RankRequest, requestId: string, trace?: RequestTrace): Promise<RankResponse>;
  /** The `k` items most like a product. Throws `item_not_found`. */
  similar(productId: string, k: number): Promise<ItemList>;
  /** The `k` trending items, overall or of one category. */
  trending(category: string | undefined, k: number): Promise<ItemList>;
  /** One page of the catalogue. */
  products(query: ProductQuery): Promise<ProductPage>;
  /** Whatever `/status` should say about the release, the batching and the pipeline; JSON-safe. */
  status(): Readonly<Record<string, unknown>>;
  /** What metrics say of the pipeline; absent in doubles. */
  facts?(): PipelineFacts | undefined;
  /** May traffic come? False until load, golden check and warm-up are done. */
  ready(): Readiness;
}

/** Counted since the process started, and read when somebody asks. */
export interface PipelineFacts {
  /** Runs that took longer than the deadline, by stage. */
  readonly late: Readonly<Record<string, number>>;
  /** Candidates that the filter removed, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Slates that needed topping up. */
  readonly toppedUp: number;
  /** Failures that answers survived. */
  readonly failures: number;
  /** Null without a store of profiles. */
  readonly profilesKept: number | null;
  readonly breakers: Readonly<
    Record<string, { readonly open: boolean; readonly skipped: number; readonly failed: number }>
  >;
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
  /** A request's batch begins, after it waited for so long. */
  queued(priority: RequestPriority, waitedMs: number): void;
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
  /** The release that the configuration names; null: `active.json` names it. */
  readonly pinned: NamedRelease | null;
  /** What `prepare` was last asked for; null: nothing. */
  readonly prepared: PreparedRelease | null;
  /**
   * Loads, verifies and warms up a release beside the current one and keeps it ready, without serving it; one at a time.
   * Answers at once; asked again for the same, it only says how far it is.
   */
  prepare(release: NamedRelease): PreparedRelease;
  /** Lets go of what was prepared, unless it serves. */
  discard(): void;
  /** What metrics say of the release that answers; null while there is none, absent in doubles. */
  facts?(): ReleaseFacts | null;
}

/** A release by its id and the digest of its manifest.json. */
export interface NamedRelease {
  readonly release: string;
  /** Hex; empty: any. */
  readonly manifest_sha256: string;
}

export interface PreparedRelease extends NamedRelease {
  readonly state: 'loading' | 'loaded' | 'refused';
  /** Why it was refused. */
  readonly reason: string | null;
}

export interface ReleaseFacts {
  /** Since it was built, by the real time. */
  readonly ageS: number;
  /** Since the end of its training data, by the shop's clock. */
  readonly dataAgeS: number;
  /** Since the process started. */
  readonly swaps: number;
  readonly refusals: number;
  /** Releases that experiments name and that are not loaded. */
  readonly variantsMissing: number;
  /** What the release job measured, `ndcg@20` and the like, of the served slates of all users. */
  readonly offlineScores: Readonly<Record<string, number>>;
}

export interface ReleaseStatus {
  readonly active: string | null;
  readonly previous: string | null;
  /** Why the last release offered was refused, and when; null when none was. */
  readonly last_refusal: { readonly release: string; readonly reason: string; readonly at: string } | null;
}
