import { ArrowColumns } from '../catalog/arrow-columns.ts';
import { PIECE, type Pieces } from '../catalog/pieces.ts';

/**
 * Weighted neighbours of every item in compressed rows: those of item i stand at `offsets[i] .. offsets[i + 1]` of
 * `neighbors` and `scores`; a score may be negative (EASE).
 */
export interface NeighborLists {
  readonly offsets: Int32Array;
  readonly neighbors: Int32Array;
  readonly scores: Float32Array;
}

/**
 * From an Arrow file of (from, to, value) sorted by `from`, e.g. co-visitation (item, neighbor, score). `fromCount: 'last'`
 * takes as many rows as the file names. Errors: `release_file_invalid` when the order or a number is out of range.
 */
export function* readNeighborLists(
  bytes: Uint8Array,
  columns: { readonly file: string; readonly from: string; readonly to: string; readonly value: string },
  counts: { readonly fromCount: number | 'last'; readonly toCount: number; readonly capacity?: number },
): Pieces<NeighborLists> {
  const table = new ArrowColumns(bytes, columns.file);
  const from = table.int32View(columns.from);
  const fromCount = counts.fromCount === 'last' ? (from[from.length - 1] ?? -1) + 1 : counts.fromCount;
  const neighbors = yield* table.rowsInPieces(columns.to, counts.toCount);
  const scores = yield* table.scoresInPieces(columns.value);
  // Rows beyond those of the file have empty lists.
  const listCount = Math.max(fromCount, counts.capacity ?? 0);
  const offsets = new Int32Array(listCount + 1);
  for (let i = 0; i < from.length; i++) {
    if (i % PIECE === 0) yield;
    if (from[i]! < (from[i - 1] ?? 0)) throw table.refuse(`${columns.from} ${from[i]!} is out of order at line ${i}`);
    if (from[i]! >= fromCount) throw table.refuse(`${columns.from} ${from[i]!} is not below ${fromCount} at line ${i}`);
    offsets[from[i]! + 1]! += 1;
  }
  for (let i = 0; i < listCount; i++) offsets[i + 1]! += offsets[i]!;
  return { offsets, neighbors, scores };
}
