/**
 * Sums per catalogue row for one request: dense, with an epoch per row, so that nothing is cleared between requests and
 * the rows touched are known. 12 bytes a row.
 */
export class Accumulator {
  /** Rows with a sum, in order of their first addition; the first `count` are valid. */
  readonly touched: Int32Array;
  count = 0;
  readonly #sums: Float32Array;
  readonly #epochs: Int32Array;
  #epoch = 0;

  constructor(itemCount: number) {
    this.touched = new Int32Array(itemCount);
    this.#sums = new Float32Array(itemCount);
    this.#epochs = new Int32Array(itemCount);
  }

  reset(): void {
    this.count = 0;
    this.#epoch += 1;
  }

  add(row: number, value: number): void {
    if (this.#epochs[row] === this.#epoch) {
      this.#sums[row]! += value;
    } else {
      this.#epochs[row] = this.#epoch;
      this.#sums[row] = value;
      this.touched[this.count++] = row;
    }
  }

  /** The row's sum; 0 when nothing was added. */
  get(row: number): number {
    return this.#epochs[row] === this.#epoch ? this.#sums[row]! : 0;
  }
}
