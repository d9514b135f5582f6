import { checkQuery, checkVectors } from './check-vectors.ts';
import { TopK } from './top-k.ts';
import type { VectorIndex } from './vector-index.ts';

/**
 * Exact scan of all vectors: recall 1, inserts are appends, removals and filters are a mask.
 *
 * O(n d) a search. Four partial sums let V8 keep the loop in registers; the order of additions is fixed, so a score is
 * the same to the bit in every search. `make bench SUITE=retrieval` has its figures.
 */
export class FlatIndex implements VectorIndex {
  readonly kind = 'flat';
  readonly count: number;
  readonly dim: number;
  readonly #vectors: Float32Array;
  readonly #top: TopK;

  /**
   * `vectors`: `[count or more, dim]`, row-major, unit; rows from `count` on are not looked at. @throws `vector_invalid`
   */
  constructor(vectors: Float32Array, dim: number, count = vectors.length / dim) {
    checkVectors(vectors, dim, count);
    this.#vectors = vectors;
    this.dim = dim;
    this.count = count;
    this.#top = new TopK(1000);
  }

  search(
    query: Float32Array,
    k: number,
    outRows: Int32Array,
    outScores: Float32Array,
    excluded: Uint8Array | null,
  ): number {
    checkQuery(query, this.dim);
    const top = this.#top;
    top.reset(k);
    let threshold = top.threshold;
    for (let row = 0; row < this.count; row++) {
      if (excluded !== null && excluded[row] === 1) continue;
      const score = innerProduct(this.#vectors, row * this.dim, query);
      if (score < threshold) continue;
      top.offer(row, score);
      threshold = top.threshold;
    }
    return top.drain(outRows, outScores);
  }

  /** The same over the given rows only: for small categories and filters. */
  searchRows(
    query: Float32Array,
    rows: Int32Array,
    k: number,
    outRows: Int32Array,
    outScores: Float32Array,
    excluded: Uint8Array | null,
  ): number {
    checkQuery(query, this.dim);
    this.#top.reset(k);
    for (const row of rows)
      if (excluded === null || excluded[row] !== 1)
        this.#top.offer(row, innerProduct(this.#vectors, row * this.dim, query));
    return this.#top.drain(outRows, outScores);
  }
}

/** Inner product of `query` with the vector at `offset`; any length that is a multiple of 4. */
export function innerProduct(vectors: Float32Array, offset: number, query: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < query.length; i += 4) {
    a += vectors[offset + i]! * query[i]!;
    b += vectors[offset + i + 1]! * query[i + 1]!;
    c += vectors[offset + i + 2]! * query[i + 2]!;
    d += vectors[offset + i + 3]! * query[i + 3]!;
  }
  return a + b + (c + d);
}
