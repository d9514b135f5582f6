import { fetchRows, vectorOf } from './fetch';
import { QUERY_F64 } from './layout';
import { exactProduct, productsOf } from './product';

/** Vectors that are brought into the cache together, and then scored. */
const TOGETHER: i32 = 64;

/**
 * Inner products, in float64, of the query with the vectors of `count` rows: `rows` is i32[count], `out` f64[count]. The
 * sums are those of `innerProduct` (flat-index.ts) in the same order, so they are equal to the bit.
 *
 * The rows lie anywhere in a table of hundreds of MB. One after the other they would wait for memory in turn; a first
 * pass that only touches their cache lines lets the processor fetch many at once.
 */
export function scoreRows(vectors: usize, dim: i32, rows: usize, count: i32, out: usize): void {
  const rowBytes: usize = (<usize>dim) << 2;
  for (let from = 0; from < count; from += TOGETHER) {
    const to = min(from + TOGETHER, count);
    fetchRows(vectors, rowBytes, rows, from, to);
    for (let i = from; i < to; i++)
      store<f64>(out + ((<usize>i) << 3), exactProduct(vectorOf(vectors, rowBytes, rows, i), QUERY_F64, rowBytes));
  }
}

/** Inner products, f32[count, queryCount] to `out`, of the vectors of `count` rows with the queries; as in product.ts. */
export function multiplyRows(
  vectors: usize,
  dim: i32,
  rows: usize,
  count: i32,
  queries: usize,
  queryCount: i32,
  out: usize,
): void {
  const rowBytes: usize = (<usize>dim) << 2;
  for (let from = 0; from < count; from += TOGETHER) {
    const to = min(from + TOGETHER, count);
    fetchRows(vectors, rowBytes, rows, from, to);
    for (let i = from; i < to; i++) {
      productsOf(vectorOf(vectors, rowBytes, rows, i), queries, queryCount, rowBytes, out);
      out += (<usize>queryCount) << 2;
    }
  }
}
