import { describe, expect, it } from 'vitest';
import * as distributions from '../../src/statistics/distributions.ts';
import { expectClose, GENERATED } from './vectors.ts';

/** Relative error against scipy. The normal tail is as good as erfc, the quantiles as the tail. */
const TOLERANCE = {
  normalTail: 1e-13,
  normalTailQuantile: 1e-12,
  tTwoSided: 1e-11,
  tQuantile: 1e-11,
  chiSquaredTail: 1e-11,
  binomialCdf: 1e-9,
};

describe('distribution functions', () => {
  it.each(Object.keys(TOLERANCE) as (keyof typeof TOLERANCE)[])('%s agrees with scipy', (name) => {
    const compute: (...args: never[]) => number = distributions[name];
    for (const row of GENERATED.distributions[name]) {
      const expected = row.at(-1)!;
      const actual = compute(...(row.slice(0, -1) as never[]));
      if (expected === 0) expect(Math.abs(actual)).toBeLessThan(1e-15);
      else expectClose(actual, expected, TOLERANCE[name]);
    }
  });

  it('end at infinity for certainty and are not a number outside of probabilities', () => {
    expect(distributions.normalQuantile(0)).toBe(-Infinity);
    expect(distributions.normalQuantile(1)).toBe(Infinity);
    expect(distributions.normalTailQuantile(0)).toBe(Infinity);
    expect(distributions.normalQuantile(1.1)).toBeNaN();
    expect(distributions.normalTailQuantile(NaN)).toBeNaN();
  });
});
