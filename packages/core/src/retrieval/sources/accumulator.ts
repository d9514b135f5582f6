import { RowNumbers } from '../row-numbers.ts';
import { BestSums } from './best-sums.ts';

/**
 * Added with every addition: it vanishes in rounding, except where negative neighbours cancel positive ones exactly, and
 * there it keeps the row from looking untouched.
 */
const TINY = 1e-37;
/**
 * More rows than this in an array do not stay in the processor's cache, and every addition would wait for memory
 * (`make bench SUITE=stages`).
 */
const DENSE_ROWS_MAX = 2 ** 16;

/** Sums per row for one request. Sums are float32, in the order of the additions. */
export interface Accumulator {
  /** Rows with a sum, in order of their first addition; the first `count` are valid. */
  readonly touched: Int32Array;
  readonly count: number;
  /** Back to no sums. O(rows touched). */
  reset(): void;
  add(row: number, value: number): void;
  /** Adds `weight * values[i]` to row `rows[i]` for every i in [from, to): one list of a sparse matrix. */
  addList(rows: Int32Array, values: Float32Array, from: number, to: number, weight: number): void;
  /** The row's sum; 0 when nothing was added, next to 0 when additions cancelled out. */
  get(row: number): number;
  /** Writes the `k` rows with the highest sums above 0 that are not excluded, best first, ties by row. Returns how many. */
  best(k: number, excluded: Uint8Array | null, outRows: Int32Array, outSums: Float32Array): number;
}

/** Both kinds give the same sums, to the bit. */
export function createAccumulator(rowCount: number): Accumulator {
  return rowCount <= DENSE_ROWS_MAX ? new DenseAccumulator(rowCount) : new HashedAccumulator();
}

/**
 * A dense array, where 0 means untouched, and the list of rows touched, by which it is cleared at the next request. One
 * random access per addition and no branch, which the processor would guess wrong half of the time: 1.4 ns instead of 5.3
 * (`node packages/core/bench/retrieval-sources.ts`).
 */
export class DenseAccumulator implements Accumulator {
  readonly touched: Int32Array;
  count = 0;
  readonly #sums: Float32Array;
  readonly #values: Float32Array;
  readonly #best = new BestSums();

  constructor(rowCount: number) {
    // One more: `addList` writes every row there and counts only new ones.
    this.touched = new Int32Array(rowCount + 1);
    this.#sums = new Float32Array(rowCount);
    this.#values = new Float32Array(rowCount);
  }

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

  get(row: number): number {
    return this.#sums[row]!;
  }

  best(k: number, excluded: Uint8Array | null, outRows: Int32Array, outSums: Float32Array): number {
    const { touched, count } = this;
    const sums = this.#sums;
    const values = this.#values;
    for (let i = 0; i < count; i++) values[i] = sums[touched[i]!]!;
    return this.#best.select(k, { rows: touched, values, count }, excluded, outRows, outSums);
  }
}

/** For more rows than fit into a cache: sums by number of the row in the request. */
export class HashedAccumulator implements Accumulator {
  touched = new Int32Array(1024);
  readonly #numbers = new RowNumbers();
  #sums = new Float32Array(1024);
  readonly #best = new BestSums();

  get count(): number {
    return this.#numbers.count;
  }

  reset(): void {
    this.#numbers.reset();
  }

  add(row: number, value: number): void {
    this.#reserve(1);
    this.#add(row, value);
  }

  addList(rows: Int32Array, values: Float32Array, from: number, to: number, weight: number): void {
    this.#reserve(to - from);
    for (let i = from; i < to; i++) this.#add(rows[i]!, weight * values[i]!);
  }

  get(row: number): number {
    const number = this.#numbers.get(row);
    return number < 0 ? 0 : this.#sums[number]!;
  }

  best(k: number, excluded: Uint8Array | null, outRows: Int32Array, outSums: Float32Array): number {
    const { touched, count } = this;
    return this.#best.select(k, { rows: touched, values: this.#sums, count }, excluded, outRows, outSums);
  }

  #add(row: number, value: number): void {
    const numbers = this.#numbers;
    const before = numbers.count;
    const number = numbers.add(row);
    if (number === before) {
      this.touched[number] = row;
      this.#sums[number] = value + TINY;
    } else {
      this.#sums[number] = this.#sums[number]! + value + TINY;
    }
  }

  #reserve(more: number): void {
    const wanted = this.#numbers.count + more;
    if (wanted <= this.touched.length) return;
    const [touched, sums] = [new Int32Array(2 * wanted), new Float32Array(2 * wanted)];
    touched.set(this.touched);
    sums.set(this.#sums);
    this.touched = touched;
    this.#sums = sums;
  }
}
