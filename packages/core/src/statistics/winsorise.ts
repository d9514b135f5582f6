/**
 * The value at a percentile of the users of all arms together. The percentile is fixed in the plan before anything is
 * looked at; a cap per arm would hide the very difference that is looked for.
 *
 * `arms`: one value per user and arm. `percentile` in (0, 1], such as .99. With `positiveOnly` the percentile is among
 * users above zero, which a metric where 97 % of the users are zero needs. Nearest rank, so the cap is a value that
 * occurs (as SQL's percentile_disc). Infinity when there is nobody to take it from: nothing is capped then.
 * Throws RangeError on a percentile out of range, and on NaN among the values.
 */
export function winsorCap(
  arms: readonly ArrayLike<number>[],
  { percentile, positiveOnly = false }: { percentile: number; positiveOnly?: boolean },
): number {
  if (!(percentile > 0 && percentile <= 1)) throw new RangeError(`percentile ${percentile} is not in (0, 1]`);
  const pooled = new Float64Array(arms.reduce((users, arm) => users + arm.length, 0));
  let count = 0;
  for (const arm of arms)
    for (let user = 0; user < arm.length; user++) {
      const value = arm[user]!;
      if (Number.isNaN(value)) throw new RangeError('a value is not a number');
      if (!positiveOnly || value > 0) pooled[count++] = value;
    }
  if (count === 0) return Infinity;
  const sorted = pooled.subarray(0, count).sort();
  return sorted[Math.ceil(percentile * count - 1e-9) - 1]!;
}

/** Values with everything above the cap put at the cap. */
export const winsorise = (values: ArrayLike<number>, cap: number): Float64Array =>
  Float64Array.from(values, (value) => Math.min(value, cap));
