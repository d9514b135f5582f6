/**
 * Distribution functions behind the tests: the one file that loads `@stdlib` (0.2 s), which the serving process must
 * never reach (a dependency rule). Tails are computed as tails: `1 - cdf` loses every digit near 1e-16.
 */
import betainc from '@stdlib/math-base-special-betainc';
import erfc from '@stdlib/math-base-special-erfc';
import gammainc from '@stdlib/math-base-special-gammainc';
import gammaln from '@stdlib/math-base-special-gammaln';
import normalQuantileRaw from '@stdlib/stats-base-dists-normal-quantile';
import tCdf from '@stdlib/stats-base-dists-t-cdf';
import tQuantileRaw from '@stdlib/stats-base-dists-t-quantile';

export { gammaln as logGamma };

/** P(Z > z) of the standard normal. */
export const normalTail = (z: number): number => 0.5 * erfc(z / Math.SQRT2);

/** P(Z <= z) of the standard normal. */
export const normalCdf = (z: number): number => normalTail(-z);

/** Density of the standard normal. */
export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

/** z with P(Z <= z) = p; infinite at 0 and 1, NaN outside. */
export const normalQuantile = (p: number): number => -normalTailQuantile(p);

/**
 * z with P(Z > z) = p, to machine precision for p down to 1e-300: the library's value is good to 4e-7 at p = 1e-12 and
 * none at 1e-200, so the far tail starts from its asymptote, and Newton steps on the logarithm of our tail finish.
 */
export function normalTailQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? Infinity : p === 1 ? -Infinity : NaN;
  if (p > 0.5) return -normalTailQuantile(1 - p);
  const log = -2 * Math.log(p);
  let z = p > 1e-10 ? -normalQuantileRaw(p, 0, 1) : Math.sqrt(log - Math.log(2 * Math.PI * log));
  for (let step = 0; step < 3; step++) {
    const tail = normalTail(z);
    z += (Math.log(tail / p) * tail) / normalDensity(z);
  }
  return z;
}

/** P(|Z| > |z|). */
export const normalTwoSided = (z: number): number => erfc(Math.abs(z) / Math.SQRT2);

/** P(|T| > |t|) of Student's t; `freedom` may be fractional. */
export const tTwoSided = (t: number, freedom: number): number => 2 * tCdf(-Math.abs(t), freedom);

/** t with P(T <= t) = p. */
export const tQuantile = (p: number, freedom: number): number => tQuantileRaw(p, freedom);

/** P(X > x) of chi-squared. */
export const chiSquaredTail = (x: number, freedom: number): number =>
  x <= 0 ? 1 : gammainc(x / 2, freedom / 2, true, true);

/** P(X <= k) of the binomial with n trials. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  return k >= n ? 1 : betainc(1 - p, n - k, k + 1);
}
