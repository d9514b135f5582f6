import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import type { InnerProducts } from '@shortlist/core/retrieval/inner-products.ts';

/** How alike items are, 0..1 or below: those of a pool with one more at a time. */
export interface Similarity {
  /** The pool is `rows[0..count)` from now on. */
  begin(rows: Int32Array, count: number): void;
  /** Similarity of every item of the pool with `row`; good until the next call. */
  to(row: number): ArrayLike<number>;
}

/** Cosine of unit vectors `[n, dim]`. One at a time: who else uses `products` meanwhile changes what is multiplied. */
export class VectorSimilarity implements Similarity {
  readonly #products: InnerProducts;
  readonly #vectors: Float32Array;
  readonly #dim: number;
  #rows: Int32Array = new Int32Array(0);
  #count = 0;

  constructor(products: InnerProducts, vectors: Float32Array, dim: number) {
    this.#products = products;
    this.#vectors = vectors;
    this.#dim = dim;
  }

  begin(rows: Int32Array, count: number): void {
    this.#rows = rows;
    this.#count = count;
    if (count <= this.#products.chunk) this.#products.take(rows, 0, count);
  }

  to(row: number): ArrayLike<number> {
    const products = this.#products;
    products.setQuery(0, this.#vectors, row * this.#dim);
    if (this.#count <= products.chunk) return products.multiply(1);
    const all = new Float32Array(this.#count);
    for (let from = 0; from < this.#count; from += products.chunk) {
      const until = Math.min(this.#count, from + products.chunk);
      products.take(this.#rows, from, until);
      all.set(products.multiply(1).subarray(0, until - from), from);
    }
    return all;
  }
}

/** Without vectors: half for the same category and half for the same brand. */
export class GroupSimilarity implements Similarity {
  readonly #catalog: Catalog;
  #rows: Int32Array = new Int32Array(0);
  #found = new Float32Array(0);

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  begin(rows: Int32Array, count: number): void {
    this.#rows = rows;
    this.#found = new Float32Array(count);
  }

  to(row: number): ArrayLike<number> {
    const { categoryCodes, brandCodes } = this.#catalog;
    const half = (codes: Int32Array, other: number) => (codes[row]! >= 0 && codes[row] === codes[other] ? 0.5 : 0);
    for (let i = 0; i < this.#found.length; i++)
      this.#found[i] = half(categoryCodes, this.#rows[i]!) + half(brandCodes, this.#rows[i]!);
    return this.#found;
  }
}
