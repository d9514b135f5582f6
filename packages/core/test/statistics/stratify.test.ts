import { describe, expect, it } from 'vitest';
import { armOf, meanEstimate, ratioEstimate } from '../../src/statistics/arm-estimate.ts';
import { cuped } from '../../src/statistics/cuped.ts';
import { absoluteEffect } from '../../src/statistics/effect.ts';
import { addMoments, binaryMoments, momentsOf } from '../../src/statistics/moments.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { stratify } from '../../src/statistics/stratify.ts';
import { normal } from './random-draws.ts';
import { computed } from './vectors.ts';

describe('ramp phases', () => {
  it('are not pooled: a treatment that grew in a bad week is not blamed for the week', () => {
    // 10 % conversion in week one, 5 % in week two, in both arms; the treatment has 10 %, then 50 % of the users.
    const phases = [
      [binaryMoments(9000, 900), binaryMoments(1000, 100)],
      [binaryMoments(5000, 250), binaryMoments(5000, 250)],
    ];
    const pooled = [0, 1].map((arm) => meanEstimate(armOf(addMoments(phases[0]![arm]!, phases[1]![arm]!))));
    expect(computed(absoluteEffect(pooled[0]!, pooled[1]!)).value).toBeLessThan(-0.02);
    const [control, treatment] = stratify(phases).arms.map((arm) => meanEstimate(arm));
    expect(computed(absoluteEffect(control!, treatment!)).value).toBeCloseTo(0, 12);
  });

  it('weigh by all of their users, and their errors add with the squares of the weights', () => {
    const phases = [
      [momentsOf([1, 2, 3]), momentsOf([2, 4, 9])],
      [momentsOf([5, 5, 8, 1]), momentsOf([7, 1])],
    ];
    const { arms } = stratify(phases);
    const [control, treatment] = arms.map((arm) => meanEstimate(arm));
    const effect = computed(absoluteEffect(control!, treatment!));
    const parts = phases.map(([c, t]) => computed(absoluteEffect(meanEstimate(armOf(c!)), meanEstimate(armOf(t!)))));
    expect(effect.value).toBeCloseTo((parts[0]!.value + parts[1]!.value) / 2, 12);
    expect(effect.standardError ** 2).toBeCloseTo(
      (parts[0]!.standardError ** 2 + parts[1]!.standardError ** 2) / 4,
      12,
    );
    expect(effect.freedom).toBeGreaterThan(Math.min(parts[0]!.freedom, parts[1]!.freedom));
    expect(effect.users).toBe(12);
  });

  it('change nothing when there is one', () => {
    const moments = [momentsOf([1, 0, 4], [2, 1, 5]), momentsOf([2, 2, 0, 1], [3, 3, 1, 1])];
    const { arms } = stratify([moments]);
    arms.forEach((arm, a) => expect(ratioEstimate(arm)).toEqual(ratioEstimate(armOf(moments[a]!))));
  });

  it('leave out a phase in which an arm has nobody, and say so', () => {
    const phases = [
      [momentsOf([1, 2]), momentsOf([])],
      [momentsOf([1, 2, 2]), momentsOf([3, 1, 2])],
      [momentsOf([]), momentsOf([])],
    ];
    expect(stratify(phases)).toMatchObject({ phasesLeftOut: 1, usersLeftOut: 2 });
    expect(stratify(phases).arms[0]).toHaveLength(1);
    expect(stratify([phases[0]!])).toEqual({ arms: [], phasesLeftOut: 1, usersLeftOut: 2 });
    expect(stratify([])).toEqual({ arms: [], phasesLeftOut: 0, usersLeftOut: 0 });
  });

  it('go through CUPED: the jump between phases is no part of the slope', () => {
    const random = seededRandom(2);
    const users = (count: number, shift: number) => {
      const before = Array.from({ length: count }, () => normal(random));
      return momentsOf(
        before.map((past) => shift - 10 * shift + 2 * past + 0.1 * normal(random)),
        before.map((past) => past + shift),
      );
    };
    const { arms } = stratify([
      [users(400, 0), users(100, 0)],
      [users(300, 5), users(300, 5)],
    ]);
    expect(cuped(arms, { kind: 'mean', variable: 0, covariate: 1 }).theta).toBeCloseTo(2, 1);
  });
});
