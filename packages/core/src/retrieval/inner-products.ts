/**
 * Inner products of rows of a vector table `[n, dim]` with a few queries, in float32 by WebAssembly SIMD; JavaScript would
 * multiply in float64, one after the other. Two kinds with the same results, to the bit: CopiedProducts for a table that may
 * lie anywhere, and ScanProducts where the table lies in the memory of an index already.
 *
 *   products.setQuery(0, vector, 0);
 *   products.take(rows, from, until); // at most `chunk`
 *   const found = products.multiply(1); // [until - from, 1], good until the next call of anything
 */
export abstract class InnerProducts {
  /** Most rows that can be taken at once. */
  abstract readonly chunk: number;
  readonly #dim: number;
  /** Floats from one query to the next; what lies between is 0. */
  readonly #stride: number;
  readonly #queries: Float32Array;

  protected constructor(dim: number, stride: number, queries: Float32Array) {
    this.#dim = dim;
    this.#stride = stride;
    this.#queries = queries;
  }

  /** Makes `values[from .. from + dim)` query number `q`; returns `q`. */
  setQuery(q: number, values: Float32Array, from: number): number {
    const at = q * this.#stride;
    for (let d = 0; d < this.#dim; d++) this.#queries[at + d] = values[from + d]!;
    return q;
  }

  /** Makes the mean of the queries `first .. first + count` query number `q`; returns `q`. */
  setMean(q: number, first: number, count: number): number {
    const queries = this.#queries;
    for (let d = 0; d < this.#dim; d++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += queries[(first + i) * this.#stride + d]!;
      queries[q * this.#stride + d] = sum / count;
    }
    return q;
  }

  /** The rows `rows[from .. until)` are multiplied from now on. */
  abstract take(rows: Int32Array, from: number, until: number): void;

  /** Products `[rows taken, queries]` with the first `queries`; good until the next call. */
  abstract multiply(queries: number): Float32Array;
}
