type Numeric = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** A typed array that grows by doubling: columns of unknown length without an object per value. */
export class GrowingArray<T extends Numeric> {
  #values: T;
  #length = 0;
  readonly #create: (length: number) => T;

  constructor(create: (length: number) => T, initial = 1024) {
    this.#create = create;
    this.#values = create(initial);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const wider = this.#create(this.#length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#length++] = value;
  }

  /** What was pushed, without the spare room; shares memory until the next push that grows. */
  view(): T {
    return this.#values.subarray(0, this.#length) as T;
  }
}
