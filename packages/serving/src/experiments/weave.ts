import { bucketOf } from '@shortlist/core/assignment/bucket.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { teamDraft } from '@shortlist/core/statistics/team-draft.ts';
import type { RankingRequest, ServedSlate } from '../ranking-request.ts';

/** Number of no slot: an item of the other slate is found by its row in the release that answers. */
const ABSENT = -1;

/**
 * Weaves the slate of another variant into the request's by team draft, and sets whose item is in which slot. Both slates
 * are as they would have been shown, pins and diversity included. The coins are the request's, so that its slate can be made
 * again. An item that the answering release does not know, or may not show, is passed over.
 */
export function weave(request: RankingRequest, other: RankingRequest, salt: string): void {
  const [own, theirs] = [request.slate!, other.slate!];
  const ownRows = own.rows.subarray(0, own.count);
  const theirRows = rowsIn(request, other);
  const random = seededRandom(bucketOf('interleaving', salt, request.id));
  const { items, teams } = teamDraft(
    ownRows,
    theirRows.filter((row) => row !== ABSENT),
    request.body.num_items,
    random,
  );
  const from = items.map((row, slot) => {
    const isOwn = teams[slot] === 1;
    return { row, slate: isOwn ? own : theirs, at: (isOwn ? ownRows : theirRows).indexOf(row) };
  });
  const pick = <T>(of: (slate: ServedSlate) => ArrayLike<T>) => from.map(({ slate, at }) => of(slate)[at]!);
  const slate: ServedSlate = {
    ...own,
    count: items.length,
    rows: Int32Array.from(items),
    scores: Float32Array.from(pick(({ scores }) => scores)),
    propensities: Float32Array.from(pick(({ propensities }) => propensities)),
    explored: Uint8Array.from(pick(({ explored }) => explored)),
    sources: pick(({ sources }) => sources),
  };
  request.slate = slate;
  request.teams = teams.map((team) => team - 1);
}

/** Rows of the other slate's items in the release that answers. */
function rowsIn({ workspace, allowed }: RankingRequest, other: RankingRequest): Int32Array {
  const { rows, count } = other.slate!;
  const isSame = other.workspace.release === workspace.release;
  return rows.subarray(0, count).map((row) => {
    const own = isSame ? row : workspace.release.catalog.rowOf(other.workspace.release.catalog.itemIds[row]!);
    return own < 0 || allowed.againstPinned(own) !== 0 ? ABSENT : own;
  });
}
