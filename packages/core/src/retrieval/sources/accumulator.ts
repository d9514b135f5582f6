import type { TopK } from '../top-k.ts';

/**
 * Added with every addition: it vanishes in rounding, except where negative neighbours cancel positive ones exactly, and
 * there it keeps the row from looking untouched.
 */
const TINY = 1e-37;
/** Sums up to here are additions that cancelled out. */
const ZERO = 1e-36;
/** The first 12 bits behind the sign of a float32: exponent and 4 bits of the mantissa, so buckets are 6 % wide. */
const BUCKET_SHIFT = 19;
const BUCKETS = 2 ** (31 - BUCKET_SHIFT);

/**
 * Sums per row for one request: a dense array, where 0 means untouched, and the list of rows touched, by which it is
 * cleared at the next request. 8 bytes a row; one random memory access per addition and no branch, which the
 * processor would guess wrong half of the time: 1.4 ns instead of 5.3 (`node packages/core/bench/retrieval-sources.ts`).
 * Sums are float32, in the order of the additions.
 */
export class Accumulator {
  /** Rows with a sum, in order of their first addition; the first `count` are valid. */
  readonly touched: Int32Array;
  count = 0;
  readonly #sums: Float32Array;
  /** The same memory: of positive floats the bits are in the order of the values. */
  readonly #bits: Int32Array;
  readonly #histogram = new Int32Array(BUCKETS);

  constructor(rowCount: number) {
    // One more: `addList` writes every row there and counts only new ones.
    this.touched = new Int32Array(rowCount + 1);
    this.#sums = new Float32Array(rowCount);
    this.#bits = new Int32Array(this.#sums.buffer);
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
    if (before === 0) this.touched[this.count++] = row;
    this.#sums[row] = before + value + TINY;
  }

  /** Adds `weight * values[i]` to row `rows[i]` for every i in [from, to): one list of a sparse matrix. */
  addList(rows: Int32Array, values: Float32Array, from: number, to: number, weight: number): void {
    const sums = this.#sums;
    const { touched } = this;
    let { count } = this;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      const before = sums[row]!;
      touched[count] = row;
      count += Number(before === 0);
      sums[row] = before + weight * values[i]! + TINY;
    }
    this.count = count;
  }

  /** The row's sum; 0 when nothing was added, next to 0 when additions cancelled out. */
  get(row: number): number {
    return this.#sums[row]!;
  }

  /**
   * Offers the rows with a sum above 0 that are not excluded to `top`, but for those that a count by size shows to be too
   * small: a heap in random order is guessed wrong by the processor at every level.
   */
  offerTo(top: TopK, excluded: Uint8Array | null): void {
    const { touched, count } = this;
    const sums = this.#sums;
    const least = count > 2 * top.k ? this.#leastOfBest(top.k, excluded) : ZERO;
    let threshold = Math.max(top.threshold, least);
    for (let i = 0; i < count; i++) {
      const row = touched[i]!;
      const score = sums[row]!;
      if (score < threshold || excluded?.[row] === 1) continue;
      top.offer(row, score);
      threshold = Math.max(top.threshold, least);
    }
  }

  /** A sum that at least `k` rows that are not excluded reach, but not many more; ZERO when there are fewer. */
  #leastOfBest(k: number, excluded: Uint8Array | null): number {
    const { touched, count } = this;
    const bits = this.#bits;
    const histogram = this.#histogram.fill(0);
    for (let i = 0; i < count; i++) {
      const row = touched[i]!;
      // Negative sums share the bucket of the smallest.
      const bucket = Math.max(0, bits[row]! >> BUCKET_SHIFT);
      histogram[bucket]! += excluded === null ? 1 : 1 - excluded[row]!;
    }
    let bucket = BUCKETS;
    for (let reached = 0; bucket > 0 && reached < k;) reached += histogram[--bucket]!;
    floatBits[0] = bucket << BUCKET_SHIFT;
    return Math.max(ZERO, floatOfBits[0]!);
  }
}

const floatBits = new Int32Array(1);
const floatOfBits = new Float32Array(floatBits.buffer);
