import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { FeatureContext } from '@shortlist/core/features/feature-context.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import { FusionScratch } from '@shortlist/core/retrieval/fusion.ts';
import { SOURCE_COUNT } from '@shortlist/core/retrieval/source.ts';

/** Most candidates one request may hold after retrieval and top-up. */
export const CANDIDATES_MAX = 1024;
/** Longest profile that is looked at: the bound of `profileEventsMax`, and 100 recent items. */
const PROFILE_EVENTS_MAX = 5100;
/** What all sources together may name before fusion: their bound is 500 each. */
const UNION_MAX = 500 * SOURCE_COUNT;

/** The buffers one request works in, reused by the next one. */
export class Slot {
  readonly candidates = new CandidateSet(UNION_MAX);
  /** By candidate number. */
  readonly click = new Float32Array(CANDIDATES_MAX);
  readonly conversion = new Float32Array(CANDIDATES_MAX);
  readonly value = new Float32Array(CANDIDATES_MAX);
  /** Candidate numbers, best value first. */
  readonly ranked = new Int32Array(CANDIDATES_MAX);
  /** Scratch of the filter. */
  readonly kept = new Int32Array(UNION_MAX);
}

/** What the pipeline keeps beside one loaded release: slots and the scratch of feature computation. */
export class ReleaseWorkspace {
  readonly release: LoadedRelease;
  readonly features: FeatureContext;
  /** 1 = must not be returned, by row: the mask of the request that retrieves right now, all 0 between requests. */
  readonly excluded: Uint8Array;
  readonly fusion = new FusionScratch(UNION_MAX);
  /** Rows of the batch that is ranked right now; grown on demand, never shrunk. */
  user = new Float32Array(0);
  cross = new Float32Array(0);
  itemRows = new Int32Array(0);
  requestIndex = new Int32Array(0);
  readonly #free: Slot[] = [];

  constructor(release: LoadedRelease) {
    this.release = release;
    // An index of codes reads a mask in its own memory only.
    this.excluded = release.vectorIndex?.mask ?? new Uint8Array(release.catalog.capacity);
    this.features = new FeatureContext(
      {
        catalog: release.catalog,
        itemFeatures: release.itemFeatures,
        itemVectors: release.itemVectors,
        products: (queriesMax) => release.vectorIndex?.products(queriesMax),
        vectorDim: release.itemVectors === null ? 0 : release.itemVectors.length / release.catalog.capacity,
      },
      PROFILE_EVENTS_MAX,
    );
  }

  /** A slot to work in; give it back with `release`. As many exist as requests were ever in a batch at once. */
  takeSlot(): Slot {
    return this.#free.pop() ?? new Slot();
  }

  returnSlot(slot: Slot): void {
    this.#free.push(slot);
  }

  /** Makes room for a batch of `requests` with `rows` candidates. */
  reserve(requests: number, rows: number): void {
    if (this.user.length < requests * FEATURE_WIDTHS.user) this.user = new Float32Array(requests * FEATURE_WIDTHS.user);
    if (this.itemRows.length >= rows) return;
    this.cross = new Float32Array(rows * FEATURE_WIDTHS.cross);
    this.itemRows = new Int32Array(rows);
    this.requestIndex = new Int32Array(rows);
  }
}
