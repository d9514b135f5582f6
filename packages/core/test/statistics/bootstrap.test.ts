import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapMeans } from '../../src/statistics/bootstrap.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';

describe('bootstrap of means', () => {
  it('covers the true mean about 95 times in 100', () => {
    const random = seededRandom(3);
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const values = Float64Array.from({ length: 80 }, () => random());
      const [interval] = bootstrapMeans(values, 1, { resamples: 300, seed: trial });
      if (interval!.low <= 0.5 && 0.5 <= interval!.high) covered += 1;
    }
    expect(covered / 300).toBeGreaterThan(0.9);
    expect(covered / 300).toBeLessThan(0.99);
  });

  it('is deterministic, keeps columns apart and encloses the value', () => {
    const rows = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(0.25)), { minLength: 1 });
    fc.assert(
      fc.property(rows, (pairs) => {
        const values = Float64Array.from(pairs.flat());
        const first = bootstrapMeans(values, 2, { resamples: 50 });
        expect(bootstrapMeans(values, 2, { resamples: 50 })).toEqual(first);
        expect(first[1]!.value).toBeCloseTo(0.25, 12);
        expect(first[0]!.low).toBeLessThanOrEqual(first[0]!.high);
      }),
      { numRuns: 50 },
    );
  });

  it('says NaN, not zero, when there is nobody to average over', () => {
    expect(bootstrapMeans(new Float64Array(0), 1)[0]!.value).toBeNaN();
  });
});
