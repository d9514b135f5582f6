import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benjaminiHochberg, bonferroni, holm } from '../../src/statistics/multiple-testing.ts';
import { GENERATED, PUBLISHED } from './vectors.ts';

const METHODS = { benjaminiHochberg, bonferroni, holm };
const NAMES = Object.keys(METHODS) as (keyof typeof METHODS)[];

describe('multiple testing', () => {
  it.each(NAMES)('%s rejects as many of the published p-values as published', (name) => {
    const { pValues, rejected } = PUBLISHED.corrections;
    expect(METHODS[name](pValues).filter((p) => p <= 0.05)).toHaveLength(rejected[name]);
  });

  it.each(NAMES)('%s agrees with statsmodels', (name) => {
    for (const { pValues, expected } of GENERATED.corrections)
      METHODS[name](pValues).forEach((p, i) => expect(p).toBeCloseTo(expected[name][i]!, 12));
  });

  it('keeps the order of the p-values, and Holm lies between Benjamini-Hochberg and Bonferroni', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }), (pValues) => {
        const [low, middle, high] = [benjaminiHochberg(pValues), holm(pValues), bonferroni(pValues)];
        pValues.forEach((p, i) => {
          expect(low[i]).toBeGreaterThanOrEqual(p - 1e-15);
          expect(middle[i]).toBeGreaterThanOrEqual(low[i]! - 1e-15);
          expect(high[i]).toBeGreaterThanOrEqual(middle[i]! - 1e-15);
        });
      }),
    );
  });

  it('does not decide on a missing p-value, nor make the others easier for it', () => {
    for (const name of NAMES) {
      const [a, missing, b] = METHODS[name]([0.01, NaN, 0.02]);
      expect(missing).toBeNaN();
      expect(a).toBeCloseTo(0.03, 12);
      expect(b).toBeGreaterThanOrEqual(0.02);
    }
  });
});
