import type { TopK } from '../top-k.ts';

/** Sums up to here are additions that cancelled out. */
const ZERO = 1e-36;
/** The first 12 bits behind the sign of a float32: exponent and 4 bits of the mantissa, so buckets are 6 % wide. */
const BUCKET_SHIFT = 19;
const BUCKETS = 2 ** (31 - BUCKET_SHIFT);

const floatBits = new Int32Array(1);
const floatOfBits = new Float32Array(floatBits.buffer);

/**
 * The best of many sums: a count by size tells first which are too small, since a heap in random order is guessed wrong by
 * the processor at every level.
 */
export class TopOfSums {
  readonly #histogram = new Int32Array(BUCKETS);

  /** Offers the rows whose value is above 0 and that are not excluded, but for those that `k` others are sure to beat. */
  offerTo(top: TopK, rows: Int32Array, values: Float32Array, count: number, excluded: Uint8Array | null): void {
    const least = count > 2 * top.k ? this.#leastOfBest(top.k, rows, values, count, excluded) : ZERO;
    let threshold = Math.max(top.threshold, least);
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value < threshold) continue;
      const row = rows[i]!;
      if (excluded?.[row] === 1) continue;
      top.offer(row, value);
      threshold = Math.max(top.threshold, least);
    }
  }

  /** A value that at least `k` rows that are not excluded reach, but not many more; ZERO when there are fewer. */
  #leastOfBest(k: number, rows: Int32Array, values: Float32Array, count: number, excluded: Uint8Array | null): number {
    // The same memory: of positive floats the bits are in the order of the values.
    const bits = new Int32Array(values.buffer, values.byteOffset, count);
    const histogram = this.#histogram.fill(0);
    for (let i = 0; i < count; i++) {
      // Negative sums share the bucket of the smallest.
      const bucket = Math.max(0, bits[i]! >> BUCKET_SHIFT);
      histogram[bucket]! += excluded === null ? 1 : 1 - excluded[rows[i]!]!;
    }
    let bucket = BUCKETS;
    for (let reached = 0; bucket > 0 && reached < k;) reached += histogram[--bucket]!;
    floatBits[0] = bucket << BUCKET_SHIFT;
    return Math.max(ZERO, floatOfBits[0]!);
  }
}
