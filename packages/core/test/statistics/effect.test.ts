import { describe, expect, it } from 'vitest';
import { armOf, meanEstimate, proportionEstimate, ratioEstimate } from '../../src/statistics/arm-estimate.ts';
import { absoluteEffect, relativeEffect } from '../../src/statistics/effect.ts';
import { binaryMoments, momentsOf } from '../../src/statistics/moments.ts';
import { nonInferiority } from '../../src/statistics/non-inferiority.ts';
import { welch } from '../../src/statistics/welch.ts';
import { computed, expectClose, GENERATED, PUBLISHED, publishedMean } from './vectors.ts';

const mean = (values: number[]) => meanEstimate(armOf(momentsOf(values)));

describe('effects of means', () => {
  it('reproduce the published relative and absolute lifts', () => {
    for (const { control, treatment, relative, absolute } of PUBLISHED.relativeLift.cases) {
      const arms = [publishedMean(control), publishedMean(treatment)] as const;
      for (const [effect, expected] of [
        [relativeEffect(...arms), relative],
        [absoluteEffect(...arms), absolute],
      ] as const) {
        expect(computed(effect).value).toBeCloseTo(expected.value, 5);
        const test = computed(welch(effect));
        expect(test.low).toBeCloseTo(expected.low, 5);
        expect(test.high).toBeCloseTo(expected.high, 5);
        expect(test.pValue).toBeCloseTo(expected.pValue, 5);
      }
    }
  });

  it('reproduce the published lift of proportions', () => {
    for (const { control, treatment, relative } of PUBLISHED.relativeLift.proportions) {
      const effect = relativeEffect(proportionEstimate(...control), proportionEstimate(...treatment));
      const test = computed(welch(effect));
      expect(computed(effect).value).toBeCloseTo(relative.value, 5);
      expect(test.low).toBeCloseTo(relative.low, 5);
      expect(test.high).toBeCloseTo(relative.high, 5);
      expect(test.pValue).toBeCloseTo(relative.pValue, 5);
    }
  });

  it('agree with scipy on Welch: p, degrees of freedom and interval', () => {
    for (const { control, treatment, expected } of GENERATED.welch) {
      const effect = computed(absoluteEffect(mean(control), mean(treatment)));
      const test = computed(welch(effect));
      expectClose(effect.freedom, expected.freedom, 1e-11);
      expectClose(test.pValue, expected.pValue, 1e-10);
      expectClose(test.low, expected.low, 1e-10);
      expectClose(test.high, expected.high, 1e-10);
    }
  });
});

describe('effects of ratios', () => {
  it('have the variance of cluster-robust least squares on single impressions', () => {
    for (const { numerator, denominator, expected } of GENERATED.ratio) {
      const estimate = ratioEstimate(armOf(momentsOf(numerator, denominator)));
      expectClose(estimate.value, expected.value, 1e-12);
      expectClose(estimate.squaredError, expected.squaredError, 1e-11);
    }
  });

  it('equal effects of means when every denominator is one', () => {
    const ratio = (values: number[]) =>
      ratioEstimate(
        armOf(
          momentsOf(
            values,
            values.map(() => 1),
          ),
        ),
      );
    const [a, b] = [
      [1, 0, 4, 2, 2],
      [3, 3, 0, 7],
    ];
    const left = computed(relativeEffect(ratio(a), ratio(b)));
    const right = computed(relativeEffect(mean(a), mean(b)));
    expect(left.value).toBeCloseTo(right.value, 12);
    expect(left.standardError).toBeCloseTo(right.standardError, 12);
  });
});

describe('effects that cannot be computed', () => {
  it.each([
    ['too_few_users', mean([1]), mean([1, 2])],
    ['too_few_users', mean([]), mean([1, 2])],
    ['not_finite', mean([1, NaN]), mean([1, 2])],
    ['zero_variance', mean([1, 1]), mean([2, 2])],
  ] as const)('%s', (reason, control, treatment) => {
    for (const effect of [absoluteEffect(control, treatment), relativeEffect(control, treatment)])
      for (const result of [effect, welch(effect), nonInferiority(effect, { margin: 0.1 })])
        expect(result).toEqual({ status: 'not_computable', reason });
  });

  it('a relative lift over nothing or less', () => {
    const reason = 'control_mean_not_positive';
    expect(relativeEffect(mean([0, 0, 0]), mean([1, 0, 2]))).toEqual({ status: 'not_computable', reason });
    expect(relativeEffect(mean([-3, 1, 1]), mean([1, 0, 2]))).toEqual({ status: 'not_computable', reason });
    expect(absoluteEffect(mean([0, 0, 0]), mean([1, 0, 2]))).toMatchObject({ status: 'ok', value: 1 });
  });

  it('sums that do not belong together', () => {
    const { control, treatment } = PUBLISHED.relativeLift.impossible;
    expect(relativeEffect(publishedMean(control), publishedMean(treatment))).toEqual({
      status: 'not_computable',
      reason: 'inconsistent_moments',
    });
  });

  it('a ratio over no denominators', () => {
    const clicks = (columns: [number[], number[]]) => ratioEstimate(armOf(momentsOf(...columns)));
    const nothing = clicks([
      [0, 0],
      [0, 0],
    ]);
    const something = clicks([
      [1, 0],
      [3, 4],
    ]);
    expect(absoluteEffect(nothing, something)).toEqual({ status: 'not_computable', reason: 'not_finite' });
  });
});

describe('non-inferiority', () => {
  const effect = relativeEffect(
    meanEstimate(armOf(binaryMoments(20_000, 2000))),
    meanEstimate(armOf(binaryMoments(20_000, 1990))),
  );
  const { value, standardError } = computed(effect);

  it('is z = (effect + margin) / SE, and the worst effect not excluded lies at the margin when p is alpha', () => {
    const result = computed(nonInferiority(effect, { margin: 0.05 }));
    expect(result.z).toBeCloseTo((value + 0.05) / standardError, 12);
    const edge = -computed(nonInferiority(effect, { margin: 0 })).worst;
    expect(computed(nonInferiority(effect, { margin: edge })).pValue).toBeCloseTo(0.05, 10);
  });

  it('needs more than "not significant"', () => {
    expect(computed(welch(effect)).pValue).toBeGreaterThan(0.5);
    expect(nonInferiority(effect, { margin: 0.02 })).toMatchObject({ nonInferior: false });
    expect(nonInferiority(effect, { margin: 0.1 })).toMatchObject({ nonInferior: true });
  });

  it('turns around for metrics that should be low', () => {
    expect(nonInferiority(effect, { margin: 0.04, better: 'lower' })).toMatchObject({ nonInferior: false });
    const low = computed(nonInferiority(effect, { margin: 0.04, better: 'lower' }));
    expect(low.z).toBeCloseTo((0.04 - value) / standardError, 12);
    expect(low.worst).toBeGreaterThan(value);
  });
});
