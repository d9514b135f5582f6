/**
 * Inner products of many vectors with a few, for the features that compare candidates with the user and with the last items.
 * packages/core/src/retrieval/copied-products.ts loads it and is its only caller.
 */
import { productsOf } from './product';

/** Of `count` vectors, one after the other at `vectors`; `out` is f32[count, queryCount]. The rest as in product.ts. */
export function products(vectors: usize, count: i32, queries: usize, queryCount: i32, bytes: usize, out: usize): void {
  for (let c = 0; c < count; c++) {
    productsOf(vectors, queries, queryCount, bytes, out);
    out += (<usize>queryCount) << 2;
    vectors += bytes;
  }
}
