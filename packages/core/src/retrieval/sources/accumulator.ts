import { RowNumbers } from '../row-numbers.ts';

/** Sums per row for one request, of few rows: float32, in the order of the additions. */
export class Accumulator {
  /** Rows with a sum, in order of their first addition; the first `count` are valid. */
  touched = new Int32Array(1024);
  readonly #numbers = new RowNumbers();
  #sums = new Float32Array(1024);

  get count(): number {
    return this.#numbers.count;
  }

  /** Back to no sums. O(rows touched). */
  reset(): void {
    this.#numbers.reset();
  }

  add(row: number, value: number): void {
    const before = this.#numbers.count;
    const number = this.#numbers.add(row);
    if (number < before) {
      this.#sums[number]! += value;
      return;
    }
    if (number === this.touched.length) this.#grow();
    this.touched[number] = row;
    this.#sums[number] = value;
  }

  /** The row's sum; 0 when nothing was added. */
  get(row: number): number {
    const number = this.#numbers.get(row);
    return number < 0 ? 0 : this.#sums[number]!;
  }

  #grow(): void {
    const { touched } = this;
    const sums = this.#sums;
    this.touched = new Int32Array(2 * touched.length);
    this.#sums = new Float32Array(2 * sums.length);
    this.touched.set(touched);
    this.#sums.set(sums);
  }
}
