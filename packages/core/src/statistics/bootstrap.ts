import { seededRandom } from './seeded-random.ts';

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/**
 * Mean over units with a 95 % percentile-bootstrap interval, for several columns at once: the units are drawn once per
 * resample and all columns are summed, so that columns stay comparable.
 *
 * `values`: Float64Array `[units, columns]`, row-major. Without units the value and its bounds are NaN.
 * Deterministic for a seed. O(resamples * units * columns). Source: Efron & Tibshirani 1993, chapter 13.
 */
export function bootstrapMeans(
  values: Float64Array,
  columns: number,
  { resamples = 1000, seed = 1, confidence = 0.95 }: { resamples?: number; seed?: number; confidence?: number } = {},
): Interval[] {
  const units = values.length / columns;
  if (!Number.isInteger(units)) throw new Error(`${values.length} values are not rows of ${columns}`);
  const sums = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) sums[i % columns]! += values[i]!;
  const random = seededRandom(seed);
  const means = Array.from({ length: columns }, () => new Float64Array(resamples));
  const drawn = new Float64Array(columns);
  for (let r = 0; r < resamples && units > 0; r++) {
    drawn.fill(0);
    for (let i = 0; i < units; i++) {
      const from = Math.floor(random() * units) * columns;
      for (let c = 0; c < columns; c++) drawn[c]! += values[from + c]!;
    }
    for (let c = 0; c < columns; c++) means[c]![r] = drawn[c]! / units;
  }
  const tail = (1 - confidence) / 2;
  return means.map((column, c) => {
    column.sort();
    return {
      value: sums[c]! / units,
      low: units > 0 ? quantile(column, tail) : NaN,
      high: units > 0 ? quantile(column, 1 - tail) : NaN,
    };
  });
}

/** Linear interpolation between order statistics (type 7). `sorted` ascending, not empty. */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}
