import { ArrowTable } from '../catalog/arrow-table.ts';

/**
 * Weighted neighbours of every item in compressed rows: those of item i stand at `offsets[i] .. offsets[i + 1]` of
 * `neighbors` and `scores`, best first.
 */
export interface NeighborLists {
  readonly offsets: Int32Array;
  readonly neighbors: Int32Array;
  readonly scores: Float32Array;
}

/**
 * From an Arrow table of (from, to, value) sorted by `from`, e.g. co-visitation (item, neighbor, score). Throws when the
 * order or a number is out of range. `fromCount: 'last'` takes as many rows as the table names.
 */
export function readNeighborLists(
  bytes: Uint8Array,
  columns: { from: string; to: string; value: string },
  counts: { fromCount: number | 'last'; toCount: number },
): NeighborLists {
  const table = new ArrowTable(bytes);
  const from = table.numbers(columns.from, Int32Array);
  const neighbors = table.numbers(columns.to, Int32Array);
  const scores = table.numbers(columns.value, Float32Array);
  const { toCount } = counts;
  const fromCount = counts.fromCount === 'last' ? (from[from.length - 1] ?? -1) + 1 : counts.fromCount;
  const offsets = new Int32Array(fromCount + 1);
  for (let i = 0; i < from.length; i++) {
    if (from[i]! < (from[i - 1] ?? 0)) throw new Error(`line ${i}: ${columns.from} ${from[i]!} is out of order`);
    if (from[i]! >= fromCount || neighbors[i]! < 0 || neighbors[i]! >= toCount || !Number.isFinite(scores[i]!))
      throw new Error(`line ${i}: (${from[i]!}, ${neighbors[i]!}, ${scores[i]!}) is out of range`);
    offsets[from[i]! + 1]! += 1;
  }
  for (let i = 0; i < fromCount; i++) offsets[i + 1]! += offsets[i]!;
  return { offsets, neighbors, scores };
}
