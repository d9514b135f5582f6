const EPOCH_MAX = 0x7fffffff;

/**
 * Sums per row for one request: dense, with an epoch per row, so that nothing is cleared between requests and the rows
 * touched are known. 12 bytes a row. Sums are float32, in the order of the additions.
 */
export class Accumulator {
  /** Rows with a sum, in order of their first addition; the first `count` are valid. */
  readonly touched: Int32Array;
  count = 0;
  readonly #sums: Float32Array;
  readonly #epochs: Int32Array;
  #epoch: number;

  /** `firstEpoch`: for tests of the wrap-around. */
  constructor(rowCount: number, firstEpoch = 0) {
    this.touched = new Int32Array(rowCount);
    this.#sums = new Float32Array(rowCount);
    this.#epochs = new Int32Array(rowCount).fill(-1);
    this.#epoch = firstEpoch;
  }

  reset(): void {
    this.count = 0;
    // A busy pod gets through 2^31 epochs in days; a stale stamp must never look like this request's.
    if (this.#epoch === EPOCH_MAX) this.#epochs.fill(-1);
    this.#epoch = this.#epoch === EPOCH_MAX ? 0 : this.#epoch + 1;
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

  /** Adds `weight * values[i]` to row `rows[i]` for every i in [from, to): one list of a sparse matrix. */
  addList(rows: Int32Array, values: Float32Array, from: number, to: number, weight: number): void {
    const sums = this.#sums;
    const epochs = this.#epochs;
    const epoch = this.#epoch;
    let count = this.count;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      const value = weight * values[i]!;
      if (epochs[row] === epoch) {
        sums[row]! += value;
      } else {
        epochs[row] = epoch;
        sums[row] = value;
        this.touched[count++] = row;
      }
    }
    this.count = count;
  }

  /** The row's sum; 0 when nothing was added. */
  get(row: number): number {
    return this.#epochs[row] === this.#epoch ? this.#sums[row]! : 0;
  }
}
