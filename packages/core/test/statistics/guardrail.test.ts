import { describe, expect, it } from 'vitest';
import { armOf, meanEstimate, ratioEstimate, type ArmEstimate } from '../../src/statistics/arm-estimate.ts';
import { confidenceSequence } from '../../src/statistics/confidence-sequence.ts';
import { absoluteEffect, relativeEffect } from '../../src/statistics/effect.ts';
import { guardrail } from '../../src/statistics/guardrail.ts';
import {
  informationFraction,
  informationUsers,
  plannedTotalVariance,
  totalVariance,
} from '../../src/statistics/information.ts';
import { binaryMoments, momentsOf } from '../../src/statistics/moments.ts';
import { nonInferiority } from '../../src/statistics/non-inferiority.ts';
import { proportionBaseline } from '../../src/statistics/power.ts';
import { computed } from './vectors.ts';

const share = (users: number, successes: number): ArmEstimate => meanEstimate(armOf(binaryMoments(users, successes)));

describe('guardrail', () => {
  it('rolls back a treatment that sells nothing, and so does the sequence on the lift', () => {
    const [control, broken] = [share(4000, 200), share(4000, 0)];
    const result = computed(guardrail(control, broken));
    expect(result).toMatchObject({ harm: true, lift: -1 });
    expect(result.pValue).toBeLessThan(1e-6);
    const lift = relativeEffect(control, broken);
    expect(computed(confidenceSequence(lift)).high).toBeLessThan(-0.5);
    expect(nonInferiority(lift, { margin: 0.1 })).toMatchObject({ nonInferior: false });
  });

  it('excludes no lift exactly when the difference excludes zero, and p is below alpha then', () => {
    for (let successes = 3700; successes <= 4300; successes += 10) {
      const [control, treatment] = [share(20_000, 4000), share(20_000, successes)];
      const { low, high, pValue, harm } = computed(guardrail(control, treatment));
      const difference = computed(confidenceSequence(absoluteEffect(control, treatment)));
      expect(high < 0).toBe(difference.high < 0);
      expect(low > 0).toBe(difference.low > 0);
      expect(harm).toBe(high < 0);
      expect(pValue < 0.05).toBe(high < 0 || low > 0);
    }
  });

  it('has the interval of the delta method in large samples', () => {
    const arms = [share(4_000_000, 800_000), share(4_000_000, 810_000)] as const;
    const [quotient, delta] = [computed(guardrail(...arms)), computed(confidenceSequence(relativeEffect(...arms)))];
    expect(quotient.low).toBeCloseTo(delta.low, 4);
    expect(quotient.high).toBeCloseTo(delta.high, 4);
  });

  it('tolerates the margin, and turns around for metrics that should be low', () => {
    const [control, worse, better] = [share(20_000, 4000), share(20_000, 3600), share(20_000, 4400)];
    expect(guardrail(control, worse)).toMatchObject({ harm: true });
    expect(guardrail(control, worse, { margin: 0.1 })).toMatchObject({ harm: false });
    expect(guardrail(control, worse, { better: 'lower' })).toMatchObject({ harm: false });
    expect(guardrail(control, better, { better: 'lower' })).toMatchObject({ harm: true });
    expect(guardrail(control, better, { better: 'lower', margin: 0.1 })).toMatchObject({ harm: false });
  });

  it('waits for users and for a known control', () => {
    expect(guardrail(share(90, 60), share(5000, 100))).toMatchObject({ reason: 'too_few_users' });
    expect(guardrail(share(5000, 60), share(5000, 0))).toMatchObject({ reason: 'too_few_events' });
    expect(guardrail(share(5000, 0), share(5000, 60))).toMatchObject({ reason: 'control_mean_not_positive' });
    expect(guardrail(meanEstimate(armOf(momentsOf([1, NaN]))), share(500, 60))).toMatchObject({ reason: 'not_finite' });
    const faint = guardrail(share(5000, 6), share(5000, 6), { controlErrorMax: 1 });
    expect(faint).toMatchObject({ low: -Infinity, high: Infinity, harm: false });
  });
});

describe('information', () => {
  const effect = (users: number, p: number) =>
    computed(absoluteEffect(share(users, users * p), share(users, users * p)));

  it('is all there when the planned users are finished, and grows with users while they are alike', () => {
    const planned = plannedTotalVariance(proportionBaseline(0.2), { control: 5000, treatment: 5000 });
    expect(informationFraction(effect(5000, 0.2), planned)).toBeCloseTo(1, 3);
    expect(informationFraction(effect(1250, 0.2), planned)).toBeCloseTo(0.25, 3);
    expect(informationUsers(effect(1250, 0.2), { planned, plannedUsers: 10_000 })).toBeCloseTo(2500, -1);
    expect(informationFraction(effect(6000, 0.2), planned)).toBe(1);
  });

  it('is less for users who have not finished', () => {
    const planned = plannedTotalVariance(proportionBaseline(0.2), { control: 5000, treatment: 5000 });
    expect(informationFraction(effect(2500, 0.1), planned)).toBeCloseTo((0.5 * 0.09) / 0.16, 3);
  });

  it('of a ratio grows with impressions, not only with users', () => {
    const arm = (times: number) =>
      ratioEstimate(
        armOf(
          momentsOf(
            Array.from({ length: 900 }, (_, user) => times * (user % 3)),
            Array.from({ length: 900 }, (_, user) => times * (4 + (user % 5))),
          ),
        ),
      );
    const [early, late] = [1, 3].map((times) => totalVariance(computed(absoluteEffect(arm(times), arm(times)))));
    expect(late).toBeCloseTo(9 * early!, 6);
  });

  it('is counted on absolute effects only', () => {
    const relative = computed(relativeEffect(share(500, 100), share(500, 120)));
    expect(() => informationFraction(relative, 1)).toThrow('absolute');
  });
});
