import { BINS, QUERY, QUERY_CODES, QUERY_F64 } from './layout';

/** Largest code of a query, by absolute value: two products with a code up to 127 then fit 16 bits together. */
const QUERY_CODE_MAX: f64 = 63;
/** What an item's codes are shifted by, to be unsigned. */
const CODE_ZERO: i32 = 64;

/** The score of a vector at right angles to the query: codes are shifted, so it is not 0. */
export let scoreZero: i32 = 0;
/** Scores are at least `scoreLow`; bin `(score - scoreLow) >> binShift` is below BINS. */
export let scoreLow: i32 = 0;
export let binShift: i32 = 0;

/** Makes codes of the query, whose largest value becomes 63, and the bins that its scores can fall into. */
export function encodeQuery(dim: i32): void {
  let largest: f64 = 0;
  for (let d = 0; d < dim; d++) {
    const value = <f64>load<f32>(QUERY + ((<usize>d) << 2));
    store<f64>(QUERY_F64 + ((<usize>d) << 3), value);
    largest = max(largest, abs(value));
  }
  const scale = QUERY_CODE_MAX / largest;
  let sum = 0;
  let squares = 0;
  for (let d = 0; d < dim; d++) {
    const code = <i32>floor(load<f64>(QUERY_F64 + ((<usize>d) << 3)) * scale + 0.5);
    sum += code;
    squares += code * code;
    const at = QUERY_CODES + ((<usize>(d >> 2)) << 4) + <usize>(d & 3);
    store<i8>(at, <i8>code);
    store<i8>(at, <i8>code, 4);
    store<i8>(at, <i8>code, 8);
    store<i8>(at, <i8>code, 12);
  }
  scoreZero = CODE_ZERO * sum;
  // By Cauchy and Schwarz no item's score is further from zero than this.
  const bound = <i32>ceil(sqrt(<f64>squares) * <f64>CODE_ZERO * sqrt(<f64>dim));
  scoreLow = scoreZero - bound;
  binShift = 0;
  while ((2 * bound) >> binShift >= BINS) binShift++;
}
