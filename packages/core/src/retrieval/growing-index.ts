import { checkQuery, checkVectors } from './check-vectors.ts';
import { innerProduct } from './flat-index.ts';
import { TopK } from './top-k.ts';
import type { InnerProducts } from './inner-products.ts';
import type { VectorIndex } from './vector-index.ts';

/**
 * A release's index with the items that are new since: those, a *delta* of rows behind the index's own, are scanned
 * exactly and merged with what the index finds. O(new rows * d) more than the index alone, nothing while there are none.
 */
export class GrowingIndex implements VectorIndex {
  readonly kind: VectorIndex['kind'];
  readonly dim: number;
  readonly #base: VectorIndex;
  /** `[capacity, dim]`, of which the first `base.count` rows are the index's. */
  readonly #vectors: Float32Array;
  readonly #top = new TopK(1000);
  #count: number;

  constructor(base: VectorIndex, vectors: Float32Array) {
    this.kind = base.kind;
    this.dim = base.dim;
    this.#base = base;
    this.#vectors = vectors;
    this.#count = base.count;
  }

  get count(): number {
    return this.#count;
  }

  /** Rows that were appended. */
  get deltaCount(): number {
    return this.#count - this.#base.count;
  }

  /** A mask of all 0 that a search takes without copying it, where the index has one: `[capacity]`. To be left all 0. */
  get mask(): Uint8Array | undefined {
    return this.#base.mask;
  }

  scoresOf(query: Float32Array, rows: Int32Array, count: number): Float64Array | undefined {
    return this.#base.scoresOf?.(query, rows, count);
  }

  products(queriesMax: number): InnerProducts | undefined {
    return this.#base.products?.(queriesMax);
  }

  /** Makes row `count` findable, whose vector stands in the table. @throws `vector_invalid` */
  append(): void {
    const from = this.#count * this.dim;
    checkVectors(this.#vectors.subarray(from, from + this.dim), this.dim);
    this.#count += 1;
  }

  search(
    query: Float32Array,
    k: number,
    outRows: Int32Array,
    outScores: Float32Array,
    excluded: Uint8Array | null,
  ): number {
    const found = this.#base.search(query, k, outRows, outScores, excluded);
    if (this.deltaCount === 0) return found;
    checkQuery(query, this.dim);
    const top = this.#top;
    top.reset(k);
    for (let row = this.#base.count; row < this.#count; row++)
      if (excluded === null || excluded[row] !== 1)
        top.offer(row, Math.fround(innerProduct(this.#vectors, row * this.dim, query)));
    for (let i = 0; i < found; i++) top.offer(outRows[i]!, outScores[i]!);
    return top.drain(outRows, outScores);
  }
}
