import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { fillCrossFeatures, fillUserFeatures } from '@shortlist/core/features/fill.ts';
import type { Ranker } from '@shortlist/core/release/ranker.ts';
import { orderDescending } from '@shortlist/core/retrieval/float-order.ts';
import type { RankingRequest } from '../../ranking-request.ts';
import type { ReleaseWorkspace } from '../../release-workspace.ts';

/**
 * Scores the candidates of requests that share a release and a precision in one call of the model, and orders each
 * request's: value = weights.click * P(click) + weights.conversion * P(conversion). The fused order is the pre-ranker: behind
 * the first `rankedMax` it stands as it is.
 */
export async function rank(requests: readonly RankingRequest[]): Promise<void> {
  const [first] = requests;
  if (first === undefined) return;
  const { workspace, parameters } = first;
  if (parameters.precision === 'none') {
    requests.forEach(keepFusedOrder);
    return;
  }
  const rankers = workspace.release.ranker;
  if (rankers === null) {
    for (const request of requests) request.degrade('rank');
    requests.forEach(keepFusedOrder);
    return;
  }
  const logits = await score(requests, workspace, rankers[parameters.precision]);
  let from = 0;
  for (const request of requests) {
    const { candidates } = request.buffers;
    const scored = scoredOf(request);
    readLogits(request, logits, from, scored);
    orderDescending(request.buffers.value, candidates.count, request.buffers.ranked);
    request.modelled = scored;
    from += scored;
  }
}

/**
 * Order and values of a request that no model scored: 1 / rank in the fused order. Shares of clicks fall about like this
 * with the rank, so a boost by 2 and a lambda mean about what they mean for the values of a model.
 */
export function keepFusedOrder(request: RankingRequest): void {
  const { candidates, value, ranked, click, conversion } = request.buffers;
  const { count } = candidates;
  for (let c = 0; c < count; c++) {
    value[c] = 1 / (c + 1);
    ranked[c] = c;
  }
  click.fill(0, 0, count);
  conversion.fill(0, 0, count);
  request.modelled = 0;
}

/** How many candidates the model scores: whoever gives items to be ranked wants all of them ranked. */
const scoredOf = ({ given, parameters, buffers }: RankingRequest): number =>
  given === null ? Math.min(parameters.rankedMax, buffers.candidates.count) : buffers.candidates.count;

/** Logits [K, 2] of the candidates to be scored of all requests, in order. */
async function score(
  requests: readonly RankingRequest[],
  workspace: ReleaseWorkspace,
  ranker: Ranker,
): Promise<Float32Array> {
  const count = requests.reduce((sum, request) => sum + scoredOf(request), 0);
  workspace.reserve(requests.length, count);
  const { features, user, cross, itemRows, requestIndex } = workspace;
  let from = 0;
  requests.forEach((request, b) => {
    const { candidates } = request.buffers;
    features.begin(request.featureRequest());
    fillUserFeatures(features, user, b * FEATURE_WIDTHS.user);
    const scored = scoredOf(request);
    fillCrossFeatures(features, candidates, cross, from * FEATURE_WIDTHS.cross, scored);
    itemRows.set(candidates.rows.subarray(0, scored), from);
    requestIndex.fill(b, from, from + scored);
    from += scored;
  });
  return ranker.run({
    requests: requests.length,
    count,
    userFeatures: user,
    crossFeatures: cross,
    itemRows,
    requestIndex,
  });
}

function readLogits(request: RankingRequest, logits: Float32Array, from: number, scored: number): void {
  const { candidates, click, conversion, value } = request.buffers;
  const { weights } = request.parameters;
  let least = Infinity;
  for (let c = 0; c < scored; c++) {
    click[c] = sigmoid(logits[2 * (from + c)]!);
    conversion[c] = sigmoid(logits[2 * (from + c) + 1]!);
    value[c] = weights.click * click[c]! + weights.conversion * conversion[c]!;
    // A model that answers NaN must not decide an order; the stage degrades instead.
    if (Number.isNaN(value[c])) throw new Error('the ranker gave NaN');
    least = Math.min(least, value[c]!);
  }
  click.fill(0, scored, candidates.count);
  conversion.fill(0, scored, candidates.count);
  // Below all that the model has seen, falling like 1 / rank.
  for (let c = scored; c < candidates.count; c++) value[c] = (least * scored) / (c + 1);
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
