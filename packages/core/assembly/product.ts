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
