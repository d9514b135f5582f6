import type { Explanation, Recommendation, RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import type { RankingRequest } from './ranking-request.ts';

/** Why each slot holds what it holds, and why named items are absent; made while the batch's buffers are at hand. */
export interface Explained {
  readonly explanations: readonly Explanation[] | null;
  readonly reasons: readonly string[] | null;
  readonly whyNot: RecommendResponse['why_not'] | null;
}

export const NOT_EXPLAINED: Explained = { explanations: null, reasons: null, whyNot: null };

/** The body of the answer; `latency_ms` is what it took until now. */
export function answerOf(request: RankingRequest, explained: Explained, latencyMs: number): RecommendResponse {
  const { id, tier, degraded, workspace, slate, enrolments } = request;
  if (slate === null) throw new Error('an answer before the rerank stage');
  const recommendations: Recommendation[] = [];
  for (let s = 0; s < slate.count; s++) {
    const item = itemOf(workspace.release.catalog, slate.rows[s]!, slate.scores[s]!);
    const reason = explained.reasons?.[s];
    const explanation = explained.explanations?.[s];
    if (reason !== undefined) item.reason = reason;
    if (explanation !== undefined) item.explanation = explanation;
    recommendations.push(item);
  }
  return {
    recommendations,
    tier,
    degraded,
    model_version: workspace.release.id,
    experiments: enrolments.map(({ experiment, served }) => ({ experiment_id: experiment, variant: served })),
    experiment_id: enrolments[0]?.experiment ?? null,
    variant: enrolments[0]?.served ?? null,
    ...(explained.whyNot ? { why_not: explained.whyNot } : {}),
    request_id: id,
    latency_ms: latencyMs,
  };
}

/** An item as a caller sees it. */
export function itemOf(catalog: Catalog, row: number, score: number): Recommendation {
  return {
    item_id: catalog.itemIds[row]!,
    score,
    metadata: {
      title: catalog.titles[row]!,
      category: catalog.category(row),
      brand: catalog.brand(row),
      price: catalog.prices[row]!,
    },
  };
}
