import type { Profile } from '../contracts/profile.ts';
import type { CandidateSet } from '../retrieval/candidate-set.ts';
import { SOURCE_COUNT } from '../retrieval/source.ts';
import type { FeatureCatalog } from './item-table.ts';
import { CopiedProducts } from '../retrieval/copied-products.ts';
import type { InnerProducts } from '../retrieval/inner-products.ts';
import { ProfileSummary, RECENT_ITEMS } from './profile-summary.ts';

/** What of a release the features read. */
export interface FeatureTables {
  readonly catalog: FeatureCatalog;
  /** [N, Di] resident item features (item-table.ts). */
  readonly itemFeatures: Float32Array;
  /** [N, d] unit vectors, or null without towers. */
  readonly itemVectors: Float32Array | null;
  /** d; 0 without towers. */
  readonly vectorDim: number;
  /** Makes products with `itemVectors` where these need not be copied for it. */
  readonly products?: ((queriesMax: number) => InnerProducts | undefined) | undefined;
}

/** The user's vector, those of the last items, and their mean. */
const QUERIES_MAX = RECENT_ITEMS + 2;

/** One request, in the release's row numbers and codes. */
export interface FeatureRequest {
  readonly profile: Profile;
  /** Unix seconds. */
  readonly nowS: number;
  /** Category code asked for, or -1. */
  readonly category: number;
  readonly device: string | undefined;
  readonly surface: string | undefined;
  /** [d] unit, or null. */
  readonly userVector: Float32Array | null;
}

/**
 * The scratch that a request's features are computed in: make one per slot of the pod (it holds arrays of catalogue
 * size), `begin` it per request, then fillUserFeatures and fillCrossFeatures (fill.ts).
 */
export class FeatureContext {
  readonly tables: FeatureTables;
  readonly summary: ProfileSummary;
  /** Null without towers. */
  readonly products: InnerProducts | null;
  request: FeatureRequest;
  candidates: CandidateSet | null = null;
  /** Number of candidates and, per candidate, its slot in the summary (-1: not in the profile). */
  count = 0;
  slots = new Int32Array(512);
  /** Highest score of each source in the request; 0 when it found nothing. */
  readonly sourceMax = new Float32Array(SOURCE_COUNT);
  /** Rows of the user's last distinct items, most recent first. */
  readonly recentRows = new Int32Array(RECENT_ITEMS);
  recentCount = 0;

  constructor(tables: FeatureTables, profileEventsMax: number) {
    this.tables = tables;
    this.summary = new ProfileSummary(tables.catalog, profileEventsMax);
    const { itemVectors, vectorDim } = tables;
    this.products =
      itemVectors === null
        ? null
        : (tables.products?.(QUERIES_MAX) ?? new CopiedProducts(itemVectors, vectorDim, QUERIES_MAX));
    this.request = {
      profile: { length: 0, rows: new Int32Array(0), types: new Uint8Array(0), timesS: new Float64Array(0) },
      nowS: 0,
      category: -1,
      device: undefined,
      surface: undefined,
      userVector: null,
    };
  }

  /** Summarises the request's profile. */
  begin(request: FeatureRequest): void {
    this.request = request;
    this.candidates = null;
    this.count = 0;
    this.summary.read(request.profile, request.nowS);
    this.recentCount = Math.min(RECENT_ITEMS, this.summary.itemCount);
    for (let i = 0; i < this.recentCount; i++) this.recentRows[i] = this.summary.rows[i]!;
  }

  /** Looks the first `count` candidates up in the summary; what sources say at most is of all. Call after `begin`. */
  setCandidates(candidates: CandidateSet, count = candidates.count): void {
    this.candidates = candidates;
    this.count = count;
    if (this.slots.length < this.count) this.slots = new Int32Array(candidates.capacity);
    this.sourceMax.fill(0);
    for (let c = 0; c < count; c++) this.slots[c] = this.summary.slotOf(candidates.rows[c]!);
    for (let c = 0; c < candidates.count; c++) {
      for (let s = 0; s < SOURCE_COUNT; s++) {
        const score = candidates.scores[c * SOURCE_COUNT + s]!;
        if (score > this.sourceMax[s]!) this.sourceMax[s] = score;
      }
    }
  }
}
