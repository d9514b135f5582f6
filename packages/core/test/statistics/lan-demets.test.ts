import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from '../../src/statistics/distributions.ts';
import type { Effect } from '../../src/statistics/effect.ts';
import {
  groupSequentialLook,
  groupSequentialPower,
  lanDeMetsBounds,
  lookInflation,
} from '../../src/statistics/lan-demets.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { normal } from './random-draws.ts';
import { computed, GENERATED, PUBLISHED } from './vectors.ts';

const effectOf = (z: number): Effect => ({
  status: 'ok',
  scale: 'relative',
  value: z * 0.01,
  standardError: 0.01,
  freedom: 20_000,
  users: 20_000,
  usersSmallest: 10_000,
  denominator: 1,
});
const WEEK = [1, 2, 3, 4, 5, 6, 7].map((day) => day / 7);

describe("Lan-DeMets bounds of O'Brien-Fleming type", () => {
  it.each(PUBLISHED.lanDeMets.cases)('reproduce the published bounds at $fractions', ({ fractions, alpha, bounds }) => {
    lanDeMetsBounds(fractions, { alpha }).forEach((bound, look) => expect(bound).toBeCloseTo(bounds[look]!, 4));
  });

  it('agree with brute force at uneven fractions, and where alpha is spent by another clock', () => {
    for (const { fractions, times, alpha, bounds } of GENERATED.lanDeMets)
      lanDeMetsBounds(fractions, { alpha, times }).forEach((bound, look) =>
        expect(Math.abs(bound - bounds[look]!), `look ${look} of ${fractions.join()}`).toBeLessThan(1e-6),
      );
  });

  it('do not ask for the scale of information when alpha has a clock of its own', () => {
    const times = [0.2, 0.6, 1];
    const bounds = lanDeMetsBounds([0.3, 0.5, 1], { times });
    lanDeMetsBounds([0.03, 0.05, 0.1], { times }).forEach((bound, look) => expect(bound).toBeCloseTo(bounds[look]!, 9));
  });

  it('of a single look at the end are those of a fixed test', () => {
    expect(lanDeMetsBounds([1], { alpha: 0.05 })[0]).toBeCloseTo(normalQuantile(0.975), 10);
  });

  it('fall over 200 daily looks, and end where fewer looks would nearly end', () => {
    const days = Array.from({ length: 200 }, (_, day) => (day + 1) / 200);
    const bounds = lanDeMetsBounds(days);
    for (let look = 1; look < bounds.length; look++)
      if (Number.isFinite(bounds[look]!)) expect(bounds[look]).toBeLessThan(bounds[look - 1]!);
    expect(bounds[20]).toBeLessThan(8);
    expect(bounds.at(-1)).toBeGreaterThan(lanDeMetsBounds(WEEK).at(-1)!);
    // Continuous looking would end at the reflection principle's 2.2414.
    expect(bounds.at(-1)).toBeLessThan(normalQuantile(1 - 0.0125));
  });

  it('refuse fractions that do not rise within (0, 1]', () => {
    for (const fractions of [[0], [0.5, 0.5], [0.6, 0.4], [0.5, 1.2], [NaN]])
      expect(() => lanDeMetsBounds(fractions)).toThrow(RangeError);
    for (const times of [[0.5], [0.5, 0.5], [0.5, 1.1]])
      expect(() => lanDeMetsBounds([0.5, 1], { times })).toThrow(RangeError);
  });
});

describe('power of several looks', () => {
  it('without an effect is alpha', () => {
    expect(groupSequentialPower(WEEK, 0, { alpha: 0.05 })).toBeCloseTo(0.05, 8);
    expect(groupSequentialPower([0.2, 0.9, 1], 0, { alpha: 0.01 })).toBeCloseTo(0.01, 8);
  });

  it('of a single look is that of a fixed test', () => {
    expect(groupSequentialPower([1], 2.8)).toBeCloseTo(normalCdf(2.8 - 1.959964) + normalCdf(-2.8 - 1.959964), 6);
    expect(lookInflation([1])).toBeCloseTo(1, 5);
  });

  it('takes a few per cent more users, as random walks confirm', () => {
    const inflation = lookInflation(WEEK);
    expect(inflation).toBeGreaterThan(1.02);
    expect(inflation).toBeLessThan(1.05);
    const drift = Math.sqrt(inflation) * (1.959964 + 0.841621);
    const bounds = lanDeMetsBounds(WEEK);
    const random = seededRandom(12);
    let crossed = 0;
    for (let walk = 0; walk < 20_000; walk++) {
      let score = 0;
      for (let look = 0; look < 7; look++) {
        score += drift / 7 + normal(random) / Math.sqrt(7);
        if (Math.abs(score) < bounds[look]! * Math.sqrt(WEEK[look]!)) continue;
        crossed += 1;
        break;
      }
    }
    expect(crossed / 20_000).toBeCloseTo(0.8, 2);
  });
});

describe('another way of spending', () => {
  it('reproduces the published bounds at real information fractions', () => {
    const { fractions, alpha, bounds, secondByQuadrature } = PUBLISHED.kimDeMets;
    const ours = lanDeMetsBounds(fractions, { alpha, spending: (fraction, half) => half * fraction ** 2 });
    // Their grid is coarse where steps are small: scipy's adaptive quadrature puts the second bound at ours.
    expect(ours[1]).toBeCloseTo(secondByQuadrature, 7);
    ours.forEach((bound, look) => expect(Math.abs(bound - bounds[look]!), `look ${look}`).toBeLessThan(0.015));
  });
});

describe('a look of a group-sequential test', () => {
  it('crosses when the repeated p-value is at most alpha and the repeated interval excludes zero', () => {
    for (const z of [-3.3, 1, 2.0, 2.056, 2.057, 2.2, 4]) {
      const look = computed(groupSequentialLook(effectOf(z), { fractions: WEEK }));
      expect(look.crossed).toBe(look.pValue <= 0.05);
      expect(look.crossed).toBe(look.low > 0 || look.high < 0);
    }
  });

  it('has the p-value of a fixed test when it is the only one', () => {
    const look = computed(groupSequentialLook(effectOf(2.2), { fractions: [1] }));
    expect(look.pValue).toBeCloseTo(look.nominalPValue, 6);
    expect(look.nominalAlpha).toBeCloseTo(0.05, 10);
  });

  it('does not forget a bound that was crossed before', () => {
    const fractions = [0.5, 1];
    const alone = computed(groupSequentialLook(effectOf(1), { fractions }));
    const after = computed(groupSequentialLook(effectOf(1), { fractions, earlierZ: [3.5] }));
    expect(alone.pValue).toBeGreaterThan(0.3);
    expect(after.pValue).toBeLessThan(0.02);
  });

  it('does not decide on what cannot be computed', () => {
    const missing = { status: 'not_computable', reason: 'not_finite' } as const;
    expect(groupSequentialLook(missing, { fractions: [1] })).toBe(missing);
  });
});
