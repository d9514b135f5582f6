import type { Explanation } from '@shortlist/core/contracts/recommend.ts';
import { SOURCE_COUNT, SOURCES } from '@shortlist/core/retrieval/source.ts';
import type { Explained } from '../answer.ts';
import type { RankingRequest, ServedSlate } from '../ranking-request.ts';
import { occlude, type GroupMove } from './occlusion.ts';
import { reasonFor } from './reason.ts';

/** The decision trace of every slot, and a sentence for the shopper. */
export async function explainSlate(request: RankingRequest): Promise<Omit<Explained, 'whyNot'>> {
  const { slate, buffers, modelled, workspace, parameters } = request;
  if (slate === null) throw new Error('asked to explain before the rerank stage');
  const rows = Array.from(slate.rows.subarray(0, slate.count));
  const numbers = rows.map((row) => buffers.candidates.slotOf(row));
  const retrieved = numbers.filter((c) => c >= 0);
  const moves = new Map<number, GroupMove[]>();
  if (modelled > 0 && parameters.precision !== 'none' && workspace.release.ranker !== null && retrieved.length > 0) {
    const all = await occlude(request, workspace.release.ranker[parameters.precision], retrieved);
    retrieved.forEach((c, i) => moves.set(c, all[i]!));
  }
  return {
    explanations: rows.map((_, slot) => explanationOf(request, slate, slot, numbers[slot]!, moves)),
    reasons: rows.map((row, slot) => reasonFor(request, row, slate.explored[slot] === 1)),
  };
}

function explanationOf(
  request: RankingRequest,
  slate: ServedSlate,
  slot: number,
  c: number,
  moves: ReadonlyMap<number, GroupMove[]>,
): Explanation {
  const { candidates, click, conversion, value, ranked } = request.buffers;
  const placement = slate.placementOf(slate.rows[slot]!);
  // A pin that no source named has no ranks: 0 stands for that.
  const scored = c >= 0 && c < request.modelled;
  return {
    sources: c < 0 ? [] : sourcesOf(request, c),
    fused_rank: c + 1,
    click_probability: scored ? click[c]! : null,
    conversion_probability: scored ? conversion[c]! : null,
    model_score: scored ? value[c]! : null,
    ranked: c < 0 ? 0 : ranked.subarray(0, candidates.count).indexOf(c) + 1,
    features: moves.get(c) ?? [],
    rules: placement === undefined ? [] : [placement],
    slot: slot + 1,
    exploration: slate.explored[slot] === 1,
    propensity: slate.propensities[slot]!,
  };
}

function sourcesOf(request: RankingRequest, c: number): Explanation['sources'] {
  const { ranks, scores } = request.buffers.candidates;
  return SOURCES.flatMap(({ name }, s) => {
    const rank = ranks[c * SOURCE_COUNT + s]!;
    return rank > 0 ? [{ source: name, rank, score: scores[c * SOURCE_COUNT + s]! }] : [];
  }).sort((a, b) => a.rank - b.rank);
}
