import { ListSums } from '../../src/retrieval/list-sums.ts';
import type { NeighborLists } from '../../src/retrieval/neighbor-lists.ts';

/** A copy of `lists` whose entries name rows below `rows`. */
export function copiedLists(lists: NeighborLists, rows: number): ListSums {
  const sums = new ListSums({ lists: lists.offsets.length - 1, entries: lists.neighbors.length, rows });
  sums.offsets.set(lists.offsets);
  sums.neighbors.set(lists.neighbors);
  sums.scores.set(lists.scores);
  return sums;
}
