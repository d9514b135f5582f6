/**
 * Inner products of the vector at `vector` with `queryCount` at `queries`, all f32 of `bytes` bytes, a multiple of 32; `out` is
 * f32[queryCount]. Eight partial sums, always added in the same order, so a product is the same to the bit whatever else is
 * asked for.
 */
export function productsOf(vector: usize, queries: usize, queryCount: i32, bytes: usize, out: usize): void {
  let query = queries;
  for (let q = 0; q < queryCount; q++) {
    let low: v128 = f32x4.splat(0);
    let high: v128 = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 32) {
      low = f32x4.add(low, f32x4.mul(v128.load(vector + at), v128.load(query + at)));
      high = f32x4.add(high, f32x4.mul(v128.load(vector + at, 16), v128.load(query + at, 16)));
    }
    const sum = f32x4.add(low, high);
    const even = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 2);
    store<f32>(out, even + (f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 3)));
    out += 4;
    query += bytes;
  }
}

/**
 * Inner product, in float64, of the vector at `vector`, f32 of `bytes` bytes, a multiple of 16, with the query at `query`, as many
 * f64. The sums are those of `innerProduct` (flat-index.ts) in the same order, so they are equal to the bit.
 */
export function exactProduct(vector: usize, query: usize, bytes: usize): f64 {
  let ab: v128 = f64x2.splat(0);
  let cd: v128 = f64x2.splat(0);
  for (let at = vector; at < vector + bytes; at += 16) {
    ab = f64x2.add(ab, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(at)), v128.load(query)));
    cd = f64x2.add(cd, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(at, 8)), v128.load(query, 16)));
    query += 32;
  }
  return (
    f64x2.extract_lane(ab, 0) + f64x2.extract_lane(ab, 1) + (f64x2.extract_lane(cd, 0) + f64x2.extract_lane(cd, 1))
  );
}
