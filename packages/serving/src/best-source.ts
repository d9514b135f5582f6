import { SOURCE_COUNT, SOURCES, type SourceName } from '@shortlist/core/retrieval/source.ts';
import type { RankingRequest } from './ranking-request.ts';

/** The source that put the item highest, or null for one that none retrieved (a pin). Only within a batch. */
export function bestSource(request: RankingRequest, row: number): SourceName | null {
  const { candidates } = request.buffers;
  const c = candidates.slotOf(row);
  if (c < 0) return null;
  const { ranks } = candidates;
  let best: SourceName | null = null;
  let bestRank = Infinity;
  for (let s = 0; s < SOURCE_COUNT; s++) {
    const rank = ranks[c * SOURCE_COUNT + s]!;
    if (rank === 0 || rank >= bestRank) continue;
    best = SOURCES[s]!.name;
    bestRank = rank;
  }
  return best;
}
