import { ArrowColumns } from '../catalog/arrow-columns.ts';
import { fetched } from '../fetched.ts';
import { inPieces, PIECE, type Pieces } from '../catalog/pieces.ts';

/**
 * Weighted neighbours of every item in compressed rows: those of item i stand at `offsets[i] .. offsets[i + 1]` of
 * `neighbors` and `scores`; a score may be negative (EASE).
 */
export interface NeighborLists {
  readonly offsets: Int32Array;
  readonly neighbors: Int32Array;
  readonly scores: Float32Array;
}

/** Numbers on a line of the processor's cache. */
const LINE = 16;

/**
 * Brings the lists of the first `count` of `items` into the processor's cache: with nothing but loads it waits for many at
 * once, while one list after the other makes it wait for each (1,000,000 items: a third of the time of a source).
 */
export function fetchLists({ offsets, neighbors, scores }: NeighborLists, items: Int32Array, count: number): void {
  let bits = 0;
  for (let i = 0; i < count; i++) bits ^= offsets[items[i]!]!;
  for (let i = 0; i < count; i++) {
    const end = offsets[items[i]! + 1]!;
    for (let n = offsets[items[i]!]!; n < end; n += LINE) bits ^= neighbors[n]! ^ scores[n]!;
  }
  fetched.bits = bits;
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
  return { offsets, neighbors, scores };
}
