import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { FeatureContext } from '@shortlist/core/features/feature-context.ts';
import { fillCrossFeatures, fillUserFeatures } from '@shortlist/core/features/fill.ts';
import type { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import type { FoldRetrieval } from './fold-retrieval.ts';
import type { ReplayedRequest } from './requests.ts';
import type { ActorHistory } from './training-log.ts';

/** What a request is answered from, without what followed it. */
export type PastRequest = Omit<ReplayedRequest, 'labels'>;

/**
 * Answers past requests again from the event log: the same profile, candidates and features, to the bit, as serving had
 * (test/train/parity.integration.test.ts). Buffers are reused: what one replay gave is gone with the next.
 */
export class RequestReplay {
  /** [Du] of the last request. */
  readonly userFeatures = new Float32Array(FEATURE_WIDTHS.user);
  /** [K, Dc] of the last request's candidates. */
  readonly crossFeatures: Float32Array;
  readonly #history: ActorHistory;
  readonly #retrieval: FoldRetrieval;
  readonly #profileEventsMax: number;
  readonly #context: FeatureContext;
  readonly #excluded: Uint8Array;

  constructor(options: {
    history: ActorHistory;
    retrieval: FoldRetrieval;
    /** [N, Di] as serving would hold it. */
    itemFeatures: Float32Array;
    profileEventsMax: number;
  }) {
    const { catalog, itemVectors, vectorDim, candidates } = options.retrieval;
    this.#history = options.history;
    this.#retrieval = options.retrieval;
    this.#profileEventsMax = options.profileEventsMax;
    const tables = { catalog, itemFeatures: options.itemFeatures, itemVectors, vectorDim };
    this.#context = new FeatureContext(tables, options.profileEventsMax);
    this.#excluded = new Uint8Array(catalog.count);
    this.crossFeatures = new Float32Array(candidates.capacity * FEATURE_WIDTHS.cross);
  }

  /** The request's candidates in fused order; what was shown and not retrieved stands at the end. */
  async retrieve(request: PastRequest): Promise<CandidateSet> {
    const { nowS, device, surface } = request;
    const profile = this.#history.profileAt(request.actor, nowS, this.#profileEventsMax);
    const category = request.category === null ? -1 : this.#retrieval.catalog.categoryCode(request.category);
    const userVector = await this.#retrieval.userVector(profile, nowS);
    for (const row of request.excluded) this.#excluded[row] = 1;
    const query = { profile, nowS, category, userVector, excluded: this.#excluded };
    const candidates = this.#retrieval.retrieve(query, request.slate?.rows ?? null);
    for (const row of request.excluded) this.#excluded[row] = 0;
    this.#context.begin({ profile, nowS, category, device, surface, userVector });
    return candidates;
  }

  /** Fills `userFeatures` and `crossFeatures` for the request that was just retrieved. */
  computeFeatures(): void {
    fillUserFeatures(this.#context, this.userFeatures, 0);
    fillCrossFeatures(this.#context, this.#retrieval.candidates, this.crossFeatures, 0);
  }
}
