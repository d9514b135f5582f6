import type { InnerProducts } from './inner-products.ts';

export const INDEX_KINDS = ['flat', 'flat_int8', 'hnsw', 'ivf'] as const;
export type IndexKind = (typeof INDEX_KINDS)[number];

/** Nearest unit vectors by inner product. The kind is a property of the release; all kinds answer alike. */
export interface VectorIndex {
  readonly kind: IndexKind;
  readonly count: number;
  readonly dim: number;
  /** The one mask, `[rows or more]`, that a search need not copy; all 0, and to be left so. */
  readonly mask?: Uint8Array | undefined;
  /**
   * Inner products with the rows `rows[0..count)`, also those behind `count` of the index, to the bit those of `innerProduct`;
   * good until the next call. Undefined, or absent, where the caller has to compute them.
   */
  scoresOf?(query: Float32Array, rows: Int32Array, count: number): Float64Array | undefined;
  /** Products with rows of the table, where the index has it in a memory of its own. `queriesMax`: most at once. */
  products?(queriesMax: number): InnerProducts | undefined;
  /**
   * Writes at most `k` rows that are not excluded, best first, with their inner products. Returns how many.
   * `query`: `[dim]`, unit. `excluded`: by row, 1 = must not come back.
   * @throws `vector_invalid` for NaN or a zero vector
   */
  search(
    query: Float32Array,
    k: number,
    outRows: Int32Array,
    outScores: Float32Array,
    excluded: Uint8Array | null,
  ): number;
}
