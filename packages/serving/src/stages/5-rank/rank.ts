import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { fillCrossFeatures, fillUserFeatures } from '@shortlist/core/features/fill.ts';
import type { Ranker } from '@shortlist/core/release/ranker.ts';
import { orderDescending } from '@shortlist/core/retrieval/float-order.ts';
import type { RankingRequest } from '../../ranking-request.ts';
import type { ReleaseWorkspace } from '../../release-workspace.ts';

/**
 * Scores the candidates of requests that share a release and a precision in one call of the model, and orders each
 * request's: value = weights.click * P(click) + weights.conversion * P(conversion).
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
    readLogits(request, logits, from);
    orderDescending(request.buffers.value, candidates.count, request.buffers.ranked);
    request.modelled = true;
    from += candidates.count;
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
  request.modelled = false;
}

/** Logits [K, 2] of all candidates of all requests, in order. */
async function score(
  requests: readonly RankingRequest[],
  workspace: ReleaseWorkspace,
  ranker: Ranker,
): Promise<Float32Array> {
  const count = requests.reduce((sum, request) => sum + request.buffers.candidates.count, 0);
  workspace.reserve(requests.length, count);
  const { features, user, cross, itemRows, requestIndex } = workspace;
  let from = 0;
  requests.forEach((request, b) => {
    const { candidates } = request.buffers;
    features.begin(request.featureRequest());
    fillUserFeatures(features, user, b * FEATURE_WIDTHS.user);
    fillCrossFeatures(features, candidates, cross, from * FEATURE_WIDTHS.cross);
    itemRows.set(candidates.rows.subarray(0, candidates.count), from);
    requestIndex.fill(b, from, from + candidates.count);
    from += candidates.count;
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

function readLogits(request: RankingRequest, logits: Float32Array, from: number): void {
  const { candidates, click, conversion, value } = request.buffers;
  const { weights } = request.parameters;
  for (let c = 0; c < candidates.count; c++) {
    click[c] = sigmoid(logits[2 * (from + c)]!);
    conversion[c] = sigmoid(logits[2 * (from + c) + 1]!);
    value[c] = weights.click * click[c]! + weights.conversion * conversion[c]!;
    // A model that answers NaN must not decide an order; the stage degrades instead.
    if (Number.isNaN(value[c])) throw new Error('the ranker gave NaN');
  }
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
