/**
 * The user's half of iALS: the normal equations of a profile, and the products of all items with what solves them.
 * packages/core/src/retrieval/sources/fold-in.ts loads it and is its only caller.
 */
import { exactProduct } from './product';

/** Rows that are added at once: their numbers stay in registers while a line of the system is read and written. */
const BLOCK = 4;

/**
 * Adds `weight * v v'` and `weight * v` to `system`, f64[dim, dim], and `right`, f64[dim], for each of `count` rows of
 * `factors`, f32[n, dim]: `rows` is i32[count], `weights` f64[count]. `dim` is even. Only the lower triangle means
 * something; where a row of it ends at an odd place, one number more is written. `scratch` is f64[4, dim]. Every number of the
 * system gets its additions one after the other, in the order of the rows.
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
  const lineBytes: usize = (<usize>dim) << 3;
  let i = 0;
  for (; i + BLOCK <= count; i += BLOCK) {
    for (let j = 0; j < BLOCK; j++)
      widen(factors, lineBytes, rows, weights, i + j, right, scratch + <usize>j * lineBytes);
    const weightsAt = weights + ((<usize>i) << 3);
    let line = system;
    for (let a: usize = 0; a < lineBytes; a += 8) {
      const at = scratch + a;
      const scaled0 = f64x2.splat(load<f64>(weightsAt) * load<f64>(at));
      const scaled1 = f64x2.splat(load<f64>(weightsAt, 8) * load<f64>(at + lineBytes));
      const scaled2 = f64x2.splat(load<f64>(weightsAt, 16) * load<f64>(at + 2 * lineBytes));
      const scaled3 = f64x2.splat(load<f64>(weightsAt, 24) * load<f64>(at + 3 * lineBytes));
      for (let b: usize = 0; b <= a; b += 16) {
        const from = scratch + b;
        let sum = f64x2.add(v128.load(line + b), f64x2.mul(scaled0, v128.load(from)));
        sum = f64x2.add(sum, f64x2.mul(scaled1, v128.load(from + lineBytes)));
        sum = f64x2.add(sum, f64x2.mul(scaled2, v128.load(from + 2 * lineBytes)));
        v128.store(line + b, f64x2.add(sum, f64x2.mul(scaled3, v128.load(from + 3 * lineBytes))));
      }
      line += lineBytes;
    }
  }
  for (; i < count; i++) {
    widen(factors, lineBytes, rows, weights, i, right, scratch);
    const weight = load<f64>(weights + ((<usize>i) << 3));
    let line = system;
    for (let a: usize = 0; a < lineBytes; a += 8) {
      const scaled = f64x2.splat(weight * load<f64>(scratch + a));
      for (let b: usize = 0; b <= a; b += 16)
        v128.store(line + b, f64x2.add(v128.load(line + b), f64x2.mul(scaled, v128.load(scratch + b))));
      line += lineBytes;
    }
  }
}

/** Row number `i` of `rows` as f64[dim] to `out`; adds it, weighted, to `right`. */
function widen(factors: usize, lineBytes: usize, rows: usize, weights: usize, i: i32, right: usize, out: usize): void {
  const vector = factors + <usize>load<u32>(rows + ((<usize>i) << 2)) * (lineBytes >> 1);
  const weight = f64x2.splat(load<f64>(weights + ((<usize>i) << 3)));
  for (let at: usize = 0; at < lineBytes; at += 16) {
    const pair = f64x2.promote_low_f32x4(v128.load64_zero(vector + (at >> 1)));
    v128.store(out + at, pair);
    v128.store(right + at, f64x2.add(v128.load(right + at), f64x2.mul(weight, pair)));
  }
}

/** Products, f32[count] to `out`, of the first `count` rows of `factors`, f32[n, dim], with `user`, f64[dim]; as in product.ts. */
export function scoreAll(factors: usize, dim: i32, count: i32, user: usize, out: usize): void {
  const rowBytes: usize = (<usize>dim) << 2;
  for (let i = 0; i < count; i++) {
    store<f32>(out, <f32>exactProduct(factors, user, rowBytes));
    out += 4;
    factors += rowBytes;
  }
}
