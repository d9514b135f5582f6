/**
 * The user's half of iALS: the normal equations of a profile, and the products of all items with what solves them.
 * packages/core/src/retrieval/sources/fold-in.ts loads it and is its only caller.
 */
import { exactProduct } from './product';

/**
 * Adds `weight * v v'` and `weight * v` to `system`, f64[dim, dim], and `right`, f64[dim], for each of `count` rows of
 * `factors`, f32[n, dim]: `rows` is i32[count], `weights` f64[count]. `dim` is even. Only the lower triangle means
 * something; where a row of it ends at an odd place, one number more is written. `scratch` is f64[dim].
 */
export function addOuterProducts(
  factors: usize,
  dim: i32,
  rows: usize,
  weights: usize,
  count: i32,
  system: usize,
  right: usize,
  scratch: usize,
): void {
  const rowBytes: usize = (<usize>dim) << 2;
  const lineBytes: usize = (<usize>dim) << 3;
  for (let i = 0; i < count; i++) {
    const vector = factors + <usize>load<u32>(rows + ((<usize>i) << 2)) * rowBytes;
    const weight = load<f64>(weights + ((<usize>i) << 3));
    const weights2 = f64x2.splat(weight);
    for (let at: usize = 0; at < lineBytes; at += 16) {
      const pair = f64x2.promote_low_f32x4(v128.load64_zero(vector + (at >> 1)));
      v128.store(scratch + at, pair);
      v128.store(right + at, f64x2.add(v128.load(right + at), f64x2.mul(weights2, pair)));
    }
    let line = system;
    for (let a: usize = 0; a < lineBytes; a += 8) {
      const scaled = f64x2.splat(weight * load<f64>(scratch + a));
      for (let b: usize = 0; b <= a; b += 16)
        v128.store(line + b, f64x2.add(v128.load(line + b), f64x2.mul(scaled, v128.load(scratch + b))));
      line += lineBytes;
    }
  }
}

/** Products, f64[count] to `out`, of the first `count` rows of `factors`, f32[n, dim], with `user`, f64[dim]; as in product.ts. */
export function scoreAll(factors: usize, dim: i32, count: i32, user: usize, out: usize): void {
  const rowBytes: usize = (<usize>dim) << 2;
  for (let i = 0; i < count; i++) {
    store<f64>(out, exactProduct(factors, user, rowBytes));
    out += 8;
    factors += rowBytes;
  }
}
