import {
  SOURCE_INDEX,
  type CandidateSource,
  type SourceName,
  type SourceQuery,
} from '@shortlist/core/retrieval/source.ts';
import type { RankingRequest } from '../../ranking-request.ts';

/** Lists that depend on nobody, best first: what a slate is topped up from. */
const TOP_UP_SOURCES: readonly SourceName[] = ['category', 'trending', 'popular'];
/** Most rows a top-up takes from one list. */
const TOP_UP_MAX = 500;

/**
 * Removes what may not be shown, keeping the fused order, and tops the candidates up when too few are left. What is given
 * to be ranked stays: whoever gave it shows it or not.
 */
export function filter(request: RankingRequest): void {
  if (request.given !== null) return;
  removeIneligible(request, 0);
  request.toppedUp = request.buffers.candidates.count < request.body.num_items;
  if (request.toppedUp) topUp(request);
}

/** Drops ineligible candidates from number `from` on, counting why. O(candidates). */
function removeIneligible(request: RankingRequest, from: number): void {
  const { candidates, kept } = request.buffers;
  const allowed = request.allowed;
  let count = 0;
  for (let c = 0; c < candidates.count; c++) {
    const reason = c < from ? 0 : allowed.against(candidates.rows[c]!);
    if (reason === 0) kept[count++] = c;
    else request.dropped[reason]! += 1;
  }
  if (count < candidates.count) candidates.select(kept, count);
}

/** Adds from the impersonal lists, below the candidates that were found for this request, under the same filters. */
function topUp(request: RankingRequest): void {
  const { candidates } = request.buffers;
  const { sources } = request.workspace.release;
  const query: SourceQuery = {
    profile: request.profile,
    nowS: request.nowS,
    category: request.category,
    userVector: request.userVector,
    excluded: null,
  };
  for (const name of TOP_UP_SOURCES) {
    if (candidates.count >= request.body.num_items) return;
    const source: CandidateSource | undefined = sources.find((one) => one.name === name);
    const before = candidates.count;
    source?.retrieve(query, TOP_UP_MAX, candidates);
    removeIneligible(request, before);
  }
  // A filter on category or price may be narrower than every list: go through the category's rows, then through all.
  if (candidates.count < request.body.num_items) scanCatalogue(request);
}

/** Eligible rows in catalogue order until the slate is full. O(items) at worst, and only for a starved slate. */
function scanCatalogue(request: RankingRequest): void {
  const { candidates } = request.buffers;
  const { catalog } = request.workspace.release;
  const rows = request.category >= 0 ? catalog.rowsOfCategory(request.category) : null;
  const total = rows?.length ?? catalog.count;
  for (let i = 0; i < total && candidates.count < request.body.num_items; i++) {
    const row = rows === null ? i : rows[i]!;
    if (candidates.slotOf(row) < 0 && request.allowed.against(row) === 0)
      candidates.add(row, SOURCE_INDEX.popular, 0, TOP_UP_MAX + i + 1);
  }
}
