import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleRatio, sequentialSampleRatio } from '../../src/statistics/sample-ratio.ts';
import { computed, expectClose, GENERATED, PUBLISHED } from './vectors.ts';

describe('sample ratio', () => {
  it('reproduces the published p-values', () => {
    for (const { counts, weights, pValue } of PUBLISHED.sampleRatio.cases)
      expectClose(computed(sampleRatio([{ counts, weights }])).pValue, pValue, 3e-5);
  });

  it('agrees with scipy for any weights', () => {
    for (const { counts, weights, expected } of GENERATED.sampleRatio) {
      const result = computed(sampleRatio([{ counts, weights }]));
      expectClose(result.chiSquared, expected[0], 1e-11);
      expectClose(result.pValue, expected[1], 1e-9);
    }
  });

  it('takes the configured weights, not equal ones', () => {
    const counts = [90_100, 9_900];
    expect(sampleRatio([{ counts, weights: [9, 1] }])).toMatchObject({ mismatch: false });
    expect(sampleRatio([{ counts, weights: [1, 1] }])).toMatchObject({ mismatch: true });
  });

  it('does not count an arm of weight 0 in the degrees of freedom, and takes a user in one for a mismatch', () => {
    const two = computed(sampleRatio([{ counts: [500, 600], weights: [1, 1] }]));
    expect(sampleRatio([{ counts: [500, 0, 600], weights: [1, 0, 1] }])).toEqual(two);
    expect(sampleRatio([{ counts: [500, 1, 600], weights: [1, 0, 1] }])).toMatchObject({ pValue: 0, mismatch: true });
  });

  it('adds up ramp phases, so that changing weights are no mismatch', () => {
    const ramp = [
      { counts: [9020, 980], weights: [9, 1] },
      { counts: [4960, 5040], weights: [1, 1] },
    ];
    const result = computed(sampleRatio(ramp));
    expect(result).toMatchObject({ mismatch: false, freedom: 2 });
    expect(result.chiSquared).toBeCloseTo(
      ramp.reduce((sum, phase) => sum + computed(sampleRatio([phase])).chiSquared, 0),
      12,
    );
  });

  it('says nothing about a handful of users or missing counts', () => {
    expect(sampleRatio([{ counts: [4, 0], weights: [1, 1] }])).toMatchObject({ status: 'not_computable' });
    expect(sampleRatio([])).toMatchObject({ status: 'not_computable', reason: 'too_few_users' });
    expect(sampleRatio([{ counts: [NaN, 50], weights: [1, 1] }])).toMatchObject({ reason: 'not_finite' });
    expect(sequentialSampleRatio([{ counts: [NaN, 50], weights: [1, 1] }])).toMatchObject({ reason: 'not_finite' });
    expect(sampleRatio([{ counts: [30, 50], weights: [0, 0] }])).toMatchObject({ reason: 'not_finite' });
  });
});

describe('sequential sample ratio', () => {
  it('reproduces the published p-values', () => {
    for (const { counts, weights, concentration, pValue } of PUBLISHED.sampleRatio.sequential)
      expectClose(computed(sequentialSampleRatio([{ counts, weights }], { concentration })).pValue, pValue, 3e-5);
  });

  it('is the same however the users came in batches: posterior odds of each batch multiply to those of the sum', () => {
    const batch = fc.tuple(fc.nat(500), fc.nat(500), fc.nat(200));
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 8 }), (batches) => {
        const weights = [0.4, 0.4, 0.2];
        // The predictive probability of a batch under the posterior so far, by the chain rule.
        let chained = 0;
        let prior = weights.map((weight) => 1000 * weight);
        const total = [0, 0, 0];
        for (const counts of batches) {
          const before = computed(sequentialSampleRatio([{ counts: total, weights }], { concentration: 1000 }));
          counts.forEach((count, arm) => (total[arm]! += count));
          const after = computed(sequentialSampleRatio([{ counts: total, weights }], { concentration: 1000 }));
          chained += predictive(prior, counts) - counts.reduce((sum, n, arm) => sum + n * Math.log(weights[arm]!), 0);
          prior = prior.map((alpha, arm) => alpha + counts[arm]!);
          expect(after.logBayesFactor).toBeCloseTo(chained, 6);
          expect(after.logBayesFactor - before.logBayesFactor).not.toBeNaN();
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is blind to small samples, which is why chi-squared runs once at the decision', () => {
    const few = [{ counts: [20, 70], weights: [1, 1] }];
    expect(sampleRatio(few)).toMatchObject({ mismatch: true });
    expect(sequentialSampleRatio(few)).toMatchObject({ mismatch: false });
  });

  it('ignores arms of weight 0 unless somebody is in one', () => {
    const two = sequentialSampleRatio([{ counts: [500, 600], weights: [1, 1] }]);
    expect(sequentialSampleRatio([{ counts: [500, 0, 600], weights: [1, 0, 1] }])).toEqual(two);
    expect(sequentialSampleRatio([{ counts: [5, 1, 6], weights: [1, 0, 1] }])).toMatchObject({ mismatch: true });
  });
});

/** log probability of one sequence with these counts under Dirichlet(prior): one user after the other. */
function predictive(prior: number[], counts: number[]): number {
  const alphas = [...prior];
  let sum = alphas.reduce((a, b) => a + b, 0);
  let log = 0;
  counts.forEach((count, arm) => {
    for (let user = 0; user < count; user++) {
      log += Math.log(alphas[arm]! / sum);
      alphas[arm]! += 1;
      sum += 1;
    }
  });
  return log;
}
