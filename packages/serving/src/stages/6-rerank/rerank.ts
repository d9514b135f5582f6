import { bestSource } from '../../best-source.ts';
import { uniforms } from './exploration.ts';
import { buildSlate, type Slate } from './slate.ts';
import { applyFactors } from './factors.ts';
import { GroupSimilarity, VectorSimilarity, type Similarity } from './similarity.ts';
import type { RankingRequest, ServedSlate } from '../../ranking-request.ts';

/**
 * From the ranked order to the slate: boosts and buries, pins, caps, minimum shares, diversity, exploration (slate.ts
 * has the precedence). What the answer and the explanations need is copied out of the slot.
 */
export function rerank(request: RankingRequest): void {
  if (request.given !== null) {
    request.slate = wholeOrder(request);
    return;
  }
  const { candidates, value, ranked } = request.buffers;
  const { parameters, rules, allowed } = request;
  const { count, rows } = candidates;
  const boosted = applyFactors({ rows, count, value, ranked, factors: rules.factors });
  const slate = buildSlate({
    ranked: rowsOf(boosted.order, rows),
    values: boosted.values,
    size: request.body.num_items,
    rules,
    pins: rules.pins.filter(({ row }) => allowed.againstPinned(row) === 0),
    diversity: parameters.diversity,
    exploration: parameters.exploration,
    similarity: similarityIn(request),
    uniform: uniforms(request.id),
  });
  request.slate = {
    ...slate,
    placementOf: (row) => slate.placements.get(row) ?? boosted.placementOf(row),
    scores: scoresOf(request, slate),
    order: boosted.order,
    sources: sourcesOf(request, slate),
  };
}

/** All candidates in the ranked order: for what is given to be ranked, rules and diversity are the caller's. */
function wholeOrder({ buffers }: RankingRequest): ServedSlate {
  const { candidates, value, ranked } = buffers;
  const { count, rows } = candidates;
  const order = ranked.slice(0, count);
  return {
    count,
    rows: rowsOf(order, rows),
    scores: Float32Array.from(order, (c) => value[c]!),
    propensities: new Float32Array(count).fill(1),
    explored: new Uint8Array(count),
    sources: [],
    placementOf: () => undefined,
    cappedBy: () => null,
    order,
  };
}

function rowsOf(order: Int32Array, rows: Int32Array): Int32Array {
  const out = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) out[i] = rows[order[i]!]!;
  return out;
}

/** A ranked item's value as the model gave it (rules move items, not their scores); 0 for a pin nobody retrieved. */
function scoresOf(request: RankingRequest, slate: Slate): Float32Array {
  const { candidates, value } = request.buffers;
  return Float32Array.from(slate.rows.subarray(0, slate.count), (row) => {
    const c = candidates.slotOf(row);
    return c < 0 ? 0 : value[c]!;
  });
}

const sourcesOf = (request: RankingRequest, slate: Slate): readonly string[] =>
  Array.from(slate.rows.subarray(0, slate.count), (row) => bestSource(request, row) ?? '');

function similarityIn({ workspace }: RankingRequest): Similarity {
  const { catalog, itemVectors } = workspace.release;
  const { products } = workspace.features;
  if (itemVectors === null || products === null) return new GroupSimilarity(catalog);
  return new VectorSimilarity(products, itemVectors, itemVectors.length / catalog.capacity);
}
