import type { TopK } from '../top-k.ts';

/** Stands for a sum of exactly 0 of a row that was touched: negative neighbours can cancel positive ones. */
const TINY = 1e-37;

/**
 * Sums per row for one request: a dense array, where 0 means untouched, and the list of rows touched, by which it is
 * cleared at the next request. A sum that comes out as 0 is kept as TINY. 8 bytes a row; one random memory access per
 * addition, which is what a request pays for: `node packages/core/bench/retrieval-sources.ts`. Sums are float32, in the
 * order of the additions.
 */
export class Accumulator {
  /** Rows with a sum, in order of their first addition; the first `count` are valid. */
  readonly touched: Int32Array;
  count = 0;
  readonly #sums: Float32Array;

  constructor(rowCount: number) {
    this.touched = new Int32Array(rowCount);
    this.#sums = new Float32Array(rowCount);
  }

  /** Back to no sums. O(rows touched). */
  reset(): void {
    const { touched, count } = this;
    const sums = this.#sums;
    for (let i = 0; i < count; i++) sums[touched[i]!] = 0;
    this.count = 0;
  }

  add(row: number, value: number): void {
    const before = this.#sums[row]!;
    const after = Math.fround(before + value) || TINY;
    if (before === 0) this.touched[this.count++] = row;
    this.#sums[row] = after;
  }

  /** Adds `weight * values[i]` to row `rows[i]` for every i in [from, to): one list of a sparse matrix. */
  addList(rows: Int32Array, values: Float32Array, from: number, to: number, weight: number): void {
    const sums = this.#sums;
    const { touched } = this;
    let { count } = this;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      const before = sums[row]!;
      const after = Math.fround(before + weight * values[i]!) || TINY;
      if (before === 0) touched[count++] = row;
      sums[row] = after;
    }
    this.count = count;
  }

  /** The row's sum; 0 when nothing was added, next to 0 when additions cancelled out. */
  get(row: number): number {
    return this.#sums[row]!;
  }

  /** Offers every row with a sum above 0 that is not excluded to `top`; `scales`, by row, multiplies the sums. */
  offerTo(top: TopK, excluded: Uint8Array | null, scales: Float32Array | null = null): void {
    const { touched, count } = this;
    const sums = this.#sums;
    let { threshold } = top;
    for (let i = 0; i < count; i++) {
      const row = touched[i]!;
      const score = scales === null ? sums[row]! : sums[row]! * scales[row]!;
      if (score <= TINY || score < threshold || excluded?.[row] === 1) continue;
      top.offer(row, score);
      threshold = top.threshold;
    }
  }
}
