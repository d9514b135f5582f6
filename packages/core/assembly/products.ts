/**
 * Inner products of many vectors with a few, for the features that compare candidates with the user and with the last items.
 * packages/core/src/features/inner-products.ts loads it and is its only caller.
 */

/**
 * Inner products of `count` vectors at `vectors` with `queryCount` at `queries`, all f32 of `bytes` bytes, a multiple of 32;
 * `out` is f32[count, queryCount]. Eight partial sums, always added in the same order, so a product is the same to the bit
 * whatever else is asked for.
 */
export function products(vectors: usize, count: i32, queries: usize, queryCount: i32, bytes: usize, out: usize): void {
  for (let c = 0; c < count; c++) {
    let query = queries;
    for (let q = 0; q < queryCount; q++) {
      let low: v128 = f32x4.splat(0);
      let high: v128 = f32x4.splat(0);
      for (let at: usize = 0; at < bytes; at += 32) {
        low = f32x4.add(low, f32x4.mul(v128.load(vectors + at), v128.load(query + at)));
        high = f32x4.add(high, f32x4.mul(v128.load(vectors + at, 16), v128.load(query + at, 16)));
      }
      const sum = f32x4.add(low, high);
      const even = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 2);
      store<f32>(out, even + (f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 3)));
      out += 4;
      query += bytes;
    }
    vectors += bytes;
  }
}
