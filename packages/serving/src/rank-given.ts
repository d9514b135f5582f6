import type { RankRequest, RankResponse } from '@shortlist/core/contracts/rank.ts';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import type { RankingRequest } from './ranking-request.ts';

/** What the stages read of a request to rank: a slate of which only the order is wanted. */
export function bodyOf({ items: _, ...rest }: RankRequest): RecommendRequest {
  return { ...rest, num_items: 1 };
}

/** Rows of the items that the release knows, and the ids of the others, both in the order given. */
export function rowsOf(items: readonly string[], catalog: Catalog): { rows: Int32Array; unknown: string[] } {
  const rows = new Int32Array(items.length);
  const unknown: string[] = [];
  let count = 0;
  for (const id of items) {
    const row = catalog.rowOf(id);
    if (row < 0) unknown.push(id);
    else rows[count++] = row;
  }
  return { rows: rows.subarray(0, count), unknown };
}

/** The body of the answer; `latency_ms` is what it took until now. */
export function rankingOf(request: RankingRequest, unknown: readonly string[], latencyMs: number): RankResponse {
  const { id, tier, degraded, workspace, slate } = request;
  if (slate === null) throw new Error('an answer before the rerank stage');
  const { itemIds } = workspace.release.catalog;
  const ranked: RankResponse['ranked'] = [];
  for (let s = 0; s < slate.count; s++) ranked.push({ item_id: itemIds[slate.rows[s]!]!, score: slate.scores[s]! });
  return {
    ranked,
    unknown: [...unknown],
    tier,
    degraded,
    model_version: workspace.release.id,
    request_id: id,
    latency_ms: latencyMs,
  };
}
