import { describe, expect, it } from 'vitest';
import { armOf, meanEstimate, proportionEstimate } from '../../src/statistics/arm-estimate.ts';
import { confidenceSequence } from '../../src/statistics/confidence-sequence.ts';
import { absoluteEffect, relativeEffect, type Effect } from '../../src/statistics/effect.ts';
import { binaryMoments } from '../../src/statistics/moments.ts';
import { welch } from '../../src/statistics/welch.ts';
import { computed, PUBLISHED, publishedMean } from './vectors.ts';

const published = PUBLISHED.confidenceSequence;
const effectOf = (value: number, standardError: number, users: number): Effect => ({
  status: 'ok',
  scale: 'absolute',
  value,
  standardError,
  freedom: users - 2,
  users,
  usersSmallest: users / 2,
  denominator: 1,
});

describe('confidence sequence', () => {
  const effect = relativeEffect(publishedMean(published.control), publishedMean(published.treatment));

  it.each(published.cases)('reproduces the published interval tuned for $tunedForUsers users', (expected) => {
    const { low, high, pValue } = computed(confidenceSequence(effect, { tunedForUsers: expected.tunedForUsers }));
    expect(low).toBeCloseTo(expected.low, 5);
    expect(high).toBeCloseTo(expected.high, 5);
    expect(pValue).toBeCloseTo(expected.pValue, 5);
  });

  it('reproduces the published interval of proportions', () => {
    const { control, treatment, tunedForUsers, ...expected } = published.proportions;
    const proportions = relativeEffect(proportionEstimate(...control), proportionEstimate(...treatment));
    const { low, high, pValue } = computed(confidenceSequence(proportions, { tunedForUsers }));
    expect(low).toBeCloseTo(expected.low, 5);
    expect(high).toBeCloseTo(expected.high, 5);
    expect(pValue).toBeCloseTo(expected.pValue, 5);
  });

  it('excludes zero exactly when the always-valid p-value is below alpha', () => {
    for (let z = 0; z < 6; z += 0.01) {
      const { low, pValue } = computed(confidenceSequence(effectOf(z, 1, 8000), { alpha: 0.02 }));
      expect(low > 0, `z ${z}`).toBe(pValue < 0.02);
    }
  });

  it('costs at least 2.4 times the users of a fixed test, least where it is tuned', () => {
    const price = (users: number) => {
      const sequence = computed(confidenceSequence(effectOf(0, 1, users), { tunedForUsers: 5000, usersMin: 0 }));
      return (sequence.high / computed(welch(effectOf(0, 1, users))).high) ** 2;
    };
    expect(price(5000)).toBeCloseTo(2.4, 1);
    expect(price(1250)).toBeCloseTo(2.8, 1);
    expect(price(500)).toBeGreaterThan(price(1250));
    expect(price(100_000)).toBeGreaterThan(price(5000));
  });

  it('says nothing below its least users, nor about what cannot be computed', () => {
    const few = meanEstimate(armOf(binaryMoments(80, 20)));
    const many = meanEstimate(armOf(binaryMoments(8000, 2000)));
    expect(confidenceSequence(absoluteEffect(few, many))).toEqual({
      status: 'not_computable',
      reason: 'too_few_users',
    });
    expect(confidenceSequence(absoluteEffect(few, many), { usersMin: 50 })).toMatchObject({ status: 'ok' });
    expect(confidenceSequence({ status: 'not_computable', reason: 'zero_variance' })).toEqual({
      status: 'not_computable',
      reason: 'zero_variance',
    });
  });

  it('is certain of an overwhelming effect without overflowing', () => {
    expect(confidenceSequence(effectOf(1000, 1, 8000))).toMatchObject({ pValue: 0 });
  });
});
