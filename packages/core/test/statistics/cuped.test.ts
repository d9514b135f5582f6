import { describe, expect, it } from 'vitest';
import { armOf, meanEstimate, ratioEstimate } from '../../src/statistics/arm-estimate.ts';
import { cuped, cupedRelativeEffect } from '../../src/statistics/cuped.ts';
import { absoluteEffect, relativeEffect } from '../../src/statistics/effect.ts';
import { momentsOf } from '../../src/statistics/moments.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { lognormal, normal, poisson } from './random-draws.ts';
import { computed, expectClose, GENERATED } from './vectors.ts';

const MEAN = { kind: 'mean', variable: 0, covariate: 1 } as const;
const RATIO = {
  kind: 'ratio',
  numerator: 0,
  denominator: 1,
  covariateNumerator: 2,
  covariateDenominator: 3,
} as const;

/** Columns [after, before] of users whose outcome follows their past. */
function shoppers(random: () => number, users: number, lift: number): [number[], number[]] {
  const before = Array.from({ length: users }, () => lognormal(random, 1, 0.7));
  return [before.map((past) => (1 + lift) * (past + 1 + 0.5 * normal(random))), before];
}

describe('CUPED of means', () => {
  it('gives the coefficient of ANCOVA, for two arms and for three', () => {
    for (const { arms, expected } of GENERATED.cuped) {
      const fit = cuped(
        arms.map(({ after, before }) => armOf(momentsOf(after, before))),
        MEAN,
      );
      expectClose(fit.theta, expected.theta, 1e-10);
      expected.effects.forEach((effect, arm) =>
        expectClose(computed(absoluteEffect(fit.arms[0]!, fit.arms[arm + 1]!)).value, effect, 1e-9),
      );
    }
  });

  it('narrows the interval by what the past explains', () => {
    const random = seededRandom(3);
    const arms = [shoppers(random, 2000, 0), shoppers(random, 2000, 0.05)].map((arm) => armOf(momentsOf(...arm)));
    const fit = cuped(arms, MEAN);
    const raw = computed(absoluteEffect(meanEstimate(arms[0]!), meanEstimate(arms[1]!)));
    const adjusted = computed(absoluteEffect(fit.arms[0]!, fit.arms[1]!));
    expect((adjusted.standardError / raw.standardError) ** 2).toBeCloseTo(fit.varianceKept, 2);
    expect(fit.varianceKept).toBeLessThan(0.2);
  });

  it('is centred on all users: a true +10 % stays near +10 %', () => {
    const random = seededRandom(4);
    const arms = [shoppers(random, 20_000, 0), shoppers(random, 20_000, 0.1)].map((arm) => armOf(momentsOf(...arm)));
    const effect = computed(cupedRelativeEffect(cuped(arms, MEAN), 0, 1));
    expect(Math.abs(effect.value - 0.1)).toBeLessThan(3 * effect.standardError);
    expect(effect.standardError).toBeLessThan(0.01);
  });

  it.each([0, 1, 3])('has the standard error that the estimates scatter by, at a lift of %s', (lift) => {
    // Slopes differ between arms here, so that the common centre matters most.
    const random = seededRandom(11);
    const rounds = 1000;
    let [sum, squares, squaredErrors] = [0, 0, 0];
    for (let round = 0; round < rounds; round++) {
      const arms = [shoppers(random, 900, 0), shoppers(random, 600, lift)].map((arm) => armOf(momentsOf(...arm)));
      const { value, standardError } = computed(cupedRelativeEffect(cuped(arms, MEAN), 0, 1));
      sum += value;
      squares += value * value;
      squaredErrors += standardError ** 2;
    }
    // A deviation from 1,000 rounds is good to 2.2 %.
    expectClose(Math.sqrt(squaredErrors / rounds), Math.sqrt(squares / rounds - (sum / rounds) ** 2), 0.06);
  });

  it('changes nothing when nobody has a past', () => {
    const random = seededRandom(5);
    const arms = [0, 0.1]
      .map((lift) => shoppers(random, 50, lift)[0])
      .map((after) =>
        momentsOf(
          after,
          after.map(() => 0),
        ),
      );
    const fit = cuped(arms.map(armOf), MEAN);
    expect(fit).toMatchObject({ theta: 0, varianceKept: 1 });
    expect(cupedRelativeEffect(fit, 0, 1)).toEqual(
      relativeEffect(meanEstimate(armOf(arms[0]!)), meanEstimate(armOf(arms[1]!))),
    );
  });

  it('does not decide on NaN or single users', () => {
    const good = armOf(momentsOf([1, 2, 4], [1, 1, 2]));
    const missing = cuped([good, armOf(momentsOf([1, NaN], [1, 2]))], MEAN);
    expect(cupedRelativeEffect(missing, 0, 1)).toEqual({ status: 'not_computable', reason: 'not_finite' });
    const single = cuped([good, armOf(momentsOf([1], [1]))], MEAN);
    expect(cupedRelativeEffect(single, 0, 1)).toEqual({ status: 'not_computable', reason: 'too_few_users' });
  });
});

describe('CUPED of ratios', () => {
  const columns = (users: number, lift: number, random: () => number): number[][] => {
    const rows = Array.from({ length: users }, () => {
      const rate = 0.05 + 0.4 * random();
      const [before, after] = [1 + poisson(random, 20), 1 + poisson(random, 20)];
      const clicks = (n: number, p: number) => Array.from({ length: n }, random).filter((u) => u < p).length;
      return [clicks(after, rate * (1 + lift)), after, clicks(before, rate), before];
    });
    return [0, 1, 2, 3].map((column) => rows.map((row) => row[column]!));
  };

  it('narrows the interval around the same lift', () => {
    const random = seededRandom(8);
    const arms = [columns(3000, 0, random), columns(3000, 0.1, random)].map((arm) => armOf(momentsOf(...arm)));
    const fit = cuped(arms, RATIO);
    const raw = computed(relativeEffect(ratioEstimate(arms[0]!), ratioEstimate(arms[1]!)));
    const adjusted = computed(cupedRelativeEffect(fit, 0, 1));
    expect(adjusted.standardError).toBeLessThan(0.8 * raw.standardError);
    expect(Math.abs(adjusted.value - 0.1)).toBeLessThan(3 * adjusted.standardError);
  });

  it('equals CUPED of means when every denominator is one', () => {
    const random = seededRandom(9);
    const arms = [shoppers(random, 60, 0), shoppers(random, 80, 0.2)];
    const ones = (values: number[]) => values.map(() => 1);
    const asRatio = cuped(
      arms.map(([after, before]) => armOf(momentsOf(after, ones(after), before, ones(before)))),
      RATIO,
    );
    const asMean = cuped(
      arms.map((arm) => armOf(momentsOf(...arm))),
      MEAN,
    );
    const [left, right] = [computed(cupedRelativeEffect(asRatio, 0, 1)), computed(cupedRelativeEffect(asMean, 0, 1))];
    // The linearised covariate is the past divided by its mean: theta differs, the estimate does not.
    expectClose(left.value, right.value, 1e-9);
    expectClose(left.standardError, right.standardError, 1e-9);
  });
});
