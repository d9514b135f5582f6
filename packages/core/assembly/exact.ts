import { fetchRows, vectorOf } from './fetch';
import { QUERY_F64 } from './layout';
import { productsOf } from './product';

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
      store<f64>(out + ((<usize>i) << 3), innerProduct(vectorOf(vectors, rowBytes, rows, i), rowBytes));
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

function innerProduct(vector: usize, rowBytes: usize): f64 {
  let ab: v128 = f64x2.splat(0);
  let cd: v128 = f64x2.splat(0);
  let query: usize = QUERY_F64;
  for (let at = vector; at < vector + rowBytes; at += 16) {
    ab = f64x2.add(ab, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(at)), v128.load(query)));
    cd = f64x2.add(cd, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(at, 8)), v128.load(query, 16)));
    query += 32;
  }
  return (
    f64x2.extract_lane(ab, 0) + f64x2.extract_lane(ab, 1) + (f64x2.extract_lane(cd, 0) + f64x2.extract_lane(cd, 1))
  );
}
