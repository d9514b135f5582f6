import type { Parameters } from '../contracts/parameters.ts';
import type { CandidateSet } from './candidate-set.ts';
import { SOURCE_COUNT, SOURCES } from './source.ts';

/** Flattens the head of each list, so that agreement counts for more than one first place. Source: Cormack 2009. */
const RANK_OFFSET = 60;
/** Own history decides before what others did; what merely sells fills up. */
const PERSONAL_WEIGHT = 1;
const PRIOR_WEIGHT = 0.05;

/** Buffers of one fusion, reused between requests. */
export class FusionScratch {
  readonly order: Int32Array;
  readonly scores: Float64Array;
  readonly weights = new Float64Array(SOURCE_COUNT);

  constructor(capacity: number) {
    this.order = new Int32Array(capacity);
    this.scores = new Float64Array(capacity);
  }
}

/**
 * Weighted reciprocal-rank fusion: orders the candidates by sum over sources of weight / (60 + rank), ties by row, and
 * keeps the best `candidatesMax`. Afterwards candidate c is the one at fused rank c + 1.
 *
 * The shares are split evenly among the sources of a kind that found something, so that a missing source changes the
 * mix within its kind, not between kinds.
 */
export function fuse(set: CandidateSet, parameters: Parameters, scratch: FusionScratch): void {
  const { order, scores, weights } = scratch;
  weighSources(set, parameters, weights);
  for (let c = 0; c < set.count; c++) {
    let sum = 0;
    for (let s = 0; s < SOURCE_COUNT; s++) {
      const rank = set.ranks[c * SOURCE_COUNT + s]!;
      if (rank > 0) sum += weights[s]! / (RANK_OFFSET + rank);
    }
    scores[c] = sum;
    order[c] = c;
  }
  order.subarray(0, set.count).sort((a, b) => scores[b]! - scores[a]! || set.rows[a]! - set.rows[b]!);
  set.select(order, Math.min(set.count, parameters.candidatesMax));
}

function weighSources(set: CandidateSet, parameters: Parameters, weights: Float64Array): void {
  weights.fill(0);
  for (let i = 0; i < set.count * SOURCE_COUNT; i++) if (set.ranks[i]! > 0) weights[i % SOURCE_COUNT] = 1;
  const found = { collaborative: 0, content: 0, personal: 0, prior: 0 };
  SOURCES.forEach(({ kind }, s) => (found[kind] += weights[s]!));
  const shares = {
    collaborative: parameters.shares.collaborative / Math.max(1, found.collaborative),
    content: parameters.shares.content / Math.max(1, found.content),
    personal: PERSONAL_WEIGHT,
    prior: PRIOR_WEIGHT,
  };
  SOURCES.forEach(({ kind }, s) => (weights[s]! *= shares[kind]));
}
