import { ArrowColumns } from '../catalog/arrow-columns.ts';
import { inPieces, PIECE, type Pieces } from '../catalog/pieces.ts';
import { MEMORY_BYTES_MAX } from '../web-assembly.ts';
import { bytesOfLists, ListSums } from './list-sums.ts';

/**
 * From an Arrow file of (from, to, value) sorted by `from`, e.g. co-visitation (item, neighbor, score). `fromCount: 'last'`
 * takes as many rows as the file names. Errors: `release_file_invalid` when the order or a number is out of range, or more than
 * 4 GiB would be needed.
 */
export function* readNeighborLists(
  bytes: Uint8Array,
  columns: { readonly file: string; readonly from: string; readonly to: string; readonly value: string },
  counts: { readonly fromCount: number | 'last'; readonly toCount: number; readonly capacity: number },
): Pieces<ListSums> {
  const table = new ArrowColumns(bytes, columns.file);
  const from = table.int32View(columns.from);
  const fromCount = counts.fromCount === 'last' ? Math.max(0, (from[from.length - 1] ?? -1) + 1) : counts.fromCount;
  // Rows beyond those of the file have empty lists.
  const listCount = counts.fromCount === 'last' ? fromCount : Math.max(fromCount, counts.capacity);
  const sizes = { lists: listCount, entries: table.count, rows: Math.max(counts.toCount, counts.capacity) };
  if (bytesOfLists(sizes) > MEMORY_BYTES_MAX) throw table.refuse(`${listCount} lists need more than 4 GiB`);
  const lists = new ListSums(sizes);
  const { offsets } = lists;
  yield* table.rowsInto(columns.to, counts.toCount, lists.neighbors);
  yield* table.scoresInto(columns.value, lists.scores);
  yield* inPieces(from.length, PIECE, (start, until) => {
    let last = start === 0 ? 0 : from[start - 1]!;
    for (let i = start; i < until; i++) {
      const list = from[i]!;
      if (list < last) throw table.refuse(`${columns.from} ${list} is out of order at line ${i}`);
      if (list >= fromCount) throw table.refuse(`${columns.from} ${list} is not below ${fromCount} at line ${i}`);
      offsets[list + 1]! += 1;
      last = list;
    }
  });
  for (let i = 0; i < listCount; i++) offsets[i + 1]! += offsets[i]!;
  return lists;
}
