import { describe, expect, it } from 'vitest';
import {
  assessPower,
  baselineOf,
  minimumDetectableEffect,
  powerOf,
  proportionBaseline,
  requiredUsers,
} from '../../src/statistics/power.ts';
import { armOf, ratioEstimate } from '../../src/statistics/arm-estimate.ts';
import { momentsOf } from '../../src/statistics/moments.ts';
import { expectClose, GENERATED, PUBLISHED } from './vectors.ts';

const ABSOLUTE = { scale: 'absolute' } as const;
const users = (count: number) => ({ control: count, treatment: count });

describe('required users', () => {
  it('reproduce the published numbers per arm', () => {
    const { proportions, coefficientsOfVariation } = PUBLISHED.requiredUsers;
    // Two or three digits are given.
    for (const [baseline, expected] of proportions)
      expectClose(requiredUsers(proportionBaseline(baseline), ABSOLUTE).control, expected, 0.008);
    for (const [cv, expected] of coefficientsOfVariation)
      expectClose(requiredUsers({ value: 3, variance: (3 * cv) ** 2 }, ABSOLUTE).control, expected, 0.008);
  });

  it('agree with statsmodels for unequal arms', () => {
    for (const { deviation, difference, alpha, power, ratio, control } of GENERATED.power) {
      // statsmodels: one-sided at alpha; ours is two-sided and takes the effect in parts of the value.
      const value = 10;
      const result = requiredUsers(
        { value, variance: deviation ** 2 },
        {
          ...ABSOLUTE,
          minimumEffect: difference / value,
          alpha: 2 * alpha,
          power,
          weights: { control: 1, treatment: ratio },
        },
      );
      expect(result.control).toBe(Math.ceil(control));
      expect(result.treatment).toBe(Math.ceil(control * ratio));
    }
  });

  it('grow with comparisons, guardrails, power and skewed weights, and are a little more for a relative lift', () => {
    const baseline = proportionBaseline(0.1);
    const plain = requiredUsers(baseline).control;
    expect(requiredUsers(baseline, { comparisons: 3 }).control).toBeGreaterThan(1.2 * plain);
    expect(requiredUsers(baseline, { guardrails: 4 }).control).toBeGreaterThan(1.3 * plain);
    expect(requiredUsers(baseline, { power: 0.9 }).control).toBeGreaterThan(1.3 * plain);
    expectClose(plain / requiredUsers(baseline, ABSOLUTE).control, 1.05, 0.02);
    const skewed = requiredUsers(baseline, { weights: { control: 9, treatment: 1 } });
    expect(skewed.control + skewed.treatment).toBeGreaterThan(2.5 * 2 * plain);
    expectClose(skewed.control / skewed.treatment, 9, 1e-4);
  });

  it('for a harm are found like those for a gain', () => {
    const [gain, harm] = [0.05, -0.05].map((minimumEffect) =>
      requiredUsers(proportionBaseline(0.1), { minimumEffect }),
    );
    expect(harm!.control).toBeLessThan(gain!.control);
    expect(harm!.control).toBeGreaterThan(0.8 * gain!.control);
  });

  it('are infinite without a baseline, and a plan without an effect is refused', () => {
    for (const value of [0, -1, NaN]) expect(requiredUsers({ value, variance: 1 })).toEqual(users(Infinity));
    expect(requiredUsers({ value: 1, variance: NaN })).toEqual(users(Infinity));
    expect(() => requiredUsers(proportionBaseline(0.1), { minimumEffect: 0 })).toThrow(RangeError);
    expect(() => requiredUsers(proportionBaseline(0.1), { weights: { control: 1, treatment: 0 } })).toThrow(RangeError);
  });

  it('take a ratio with the variance between users', () => {
    const clicks = [0, 1, 5, 2, 0, 1, 9, 3];
    const impressions = [4, 6, 30, 11, 3, 9, 40, 16];
    const baseline = baselineOf(ratioEstimate(armOf(momentsOf(clicks, impressions))));
    const result = requiredUsers(baseline, { minimumEffect: 0.1, ...ABSOLUTE });
    // The treatment's users differ by as much more as they click more.
    const variances = baseline.variance * (1 + 1.1 ** 2);
    expectClose(result.control, (7.8489 * variances) / (0.1 * baseline.value) ** 2, 0.01);
    expect(requiredUsers({ ...baseline, scales: false }, { minimumEffect: 0.1, ...ABSOLUTE }).control).toBeLessThan(
      result.control,
    );
  });
});

describe('detectable effect and power', () => {
  it('reproduce the published effects at 10,000 users', () => {
    // They take the baseline's variance for both arms.
    for (const [value, effect] of PUBLISHED.requiredUsers.minimumDetectableAt10000)
      expect(minimumDetectableEffect({ value, variance: value * (1 - value) }, users(10_000), ABSOLUTE)).toBeCloseTo(
        effect,
        2,
      );
  });

  it('invert the required users', () => {
    for (const baseline of [proportionBaseline(0.07), { value: 2, variance: 30 }])
      for (const scale of ['relative', 'absolute'] as const) {
        const needed = requiredUsers(baseline, { scale, minimumEffect: 0.04, comparisons: 2 });
        expectClose(minimumDetectableEffect(baseline, needed, { scale, comparisons: 2 }), 0.04, 1e-3);
        expectClose(powerOf(baseline, needed, { scale, minimumEffect: 0.04, comparisons: 2 }), 0.8, 1e-3);
      }
  });

  it('say when nothing could be detected', () => {
    expect(minimumDetectableEffect(proportionBaseline(0.0001), users(20))).toBe(Infinity);
    expect(powerOf(proportionBaseline(0.05), users(10_000))).toBeLessThan(0.2);
  });
});

describe('assessment', () => {
  const pace = { usersPerDay: users(4000) };

  it('calls 10,000 users of a 5 % baseline underpowered and tells the days to go', () => {
    const result = assessPower(proportionBaseline(0.05), { users: users(10_000), ...pace, ...ABSOLUTE });
    expect(result.status).toBe('underpowered');
    expect(result.needed.control).toBeGreaterThan(120_000);
    expect(result.daysToGo).toBe(Math.ceil((result.needed.control - 10_000) / 4000));
    expect(result.detectable).toBeCloseTo(0.18, 2);
  });

  it('asks for the floor where less would do', () => {
    const result = assessPower(proportionBaseline(0.9), { users: users(9000), ...pace });
    expect(result).toMatchObject({ status: 'underpowered', needed: users(10_000), daysToGo: 1 });
    expect(assessPower(proportionBaseline(0.9), { users: users(10_000), ...pace })).toMatchObject({
      status: 'adequate',
      daysToGo: 0,
    });
  });

  it('never ends without users coming, or without a baseline', () => {
    expect(assessPower(proportionBaseline(0.5), { users: users(1), usersPerDay: users(0) }).daysToGo).toBe(Infinity);
    const unknown = assessPower({ value: NaN, variance: NaN }, { users: users(1e9), ...pace });
    expect(unknown).toMatchObject({ status: 'underpowered', daysToGo: Infinity });
  });
});
