import { orderDescending } from './float-order.ts';

/** Sums up to here are additions that cancelled out. */
const ZERO = 1e-36;
/** The first 12 bits behind the sign of a float32: exponent and 4 bits of the mantissa, so buckets are 6 % wide. */
const BUCKET_SHIFT = 19;
const BUCKETS = 2 ** (31 - BUCKET_SHIFT);
/** Equal sums that are put in order by exchange. */
const FEW_TIES = 16;

const floatBits = new Int32Array(1);
const floatOfBits = new Float32Array(floatBits.buffer);

/**
 * The best of many sums, in order, without a comparison that the processor would guess wrong: a count by size tells which
 * are large enough, and a radix sort orders these. The best 300 of 3,600 in half the time that a heap takes
 * (`node packages/core/bench/retrieval-sources.ts`). Reused between requests.
 */
export class BestSums {
  readonly #histogram = new Int32Array(BUCKETS);
  #rows = new Int32Array(1024);
  #values = new Float32Array(1024);
  #order = new Int32Array(1024);

  /**
   * Writes the `k` rows with the highest of the first `count` values, best first, ties by row, and their values. Values up to
   * 0 and rows that `excluded`, `[rows of the catalogue]`, has as 1 are passed over. Returns how many. O(count).
   */
  select(
    k: number,
    { rows, values, count }: Sums,
    excluded: Uint8Array | null,
    outRows: Int32Array,
    outValues: Float32Array,
  ): number {
    if (k === 0) return 0;
    const least = count > k ? this.#leastOfBest(k, { rows, values, count }, excluded) : ZERO;
    const found = this.#gather(least, { rows, values, count }, excluded);
    const [foundRows, foundValues, order] = [this.#rows, this.#values, this.#order];
    orderDescending(foundValues, found, order);
    const kept = Math.min(k, found);
    for (let from = 0; from < kept;) {
      const value = foundValues[order[from]!];
      let until = from + 1;
      while (until < found && foundValues[order[until]!] === value) until += 1;
      if (until - from > 1) orderByRow(order, from, until, foundRows);
      from = until;
    }
    for (let i = 0; i < kept; i++) {
      outRows[i] = foundRows[order[i]!]!;
      outValues[i] = foundValues[order[i]!]!;
    }
    return kept;
  }

  /** Collects the rows that count and whose value is `least` or more. Returns how many. */
  #gather(least: number, { rows, values, count }: Sums, excluded: Uint8Array | null): number {
    if (count > this.#rows.length) {
      this.#rows = new Int32Array(2 * count);
      this.#values = new Float32Array(2 * count);
      this.#order = new Int32Array(2 * count);
    }
    const [foundRows, foundValues] = [this.#rows, this.#values];
    let found = 0;
    // Written in any case and counted by number: the processor would guess a branch wrong too often.
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      foundRows[found] = rows[i]!;
      foundValues[found] = value;
      found += Number(value >= least);
    }
    if (excluded === null) return found;
    let kept = 0;
    for (let i = 0; i < found; i++) {
      const row = foundRows[i]!;
      foundRows[kept] = row;
      foundValues[kept] = foundValues[i]!;
      kept += 1 - excluded[row]!;
    }
    return kept;
  }

  /** A value that at least `k` rows that are not excluded reach, but not many more; ZERO when there are fewer. */
  #leastOfBest(k: number, { rows, values, count }: Sums, excluded: Uint8Array | null): number {
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

/** The first `count` values and the rows that they are of. */
export interface Sums {
  readonly rows: Int32Array;
  readonly values: Float32Array;
  readonly count: number;
}

/** Orders `order[from .. until)` by the rows that it names; lists of sources hold few equal values, but may hold nothing else. */
function orderByRow(order: Int32Array, from: number, until: number, rows: Int32Array): void {
  if (until - from > FEW_TIES) {
    order.subarray(from, until).sort((a, b) => rows[a]! - rows[b]!);
    return;
  }
  for (let i = from + 1; i < until; i++) {
    const one = order[i]!;
    const row = rows[one]!;
    let place = i;
    for (; place > from && rows[order[place - 1]!]! > row; place--) order[place] = order[place - 1]!;
    order[place] = one;
  }
}
