import { describe, expect, it } from 'vitest';
import { preferenceTest, signTest } from '../../src/statistics/interleaving.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { computed, expectClose, GENERATED } from './vectors.ts';

describe('sign test', () => {
  it('agrees with scipy', () => {
    for (const [k, n, pValue] of GENERATED.signTest) expectClose(signTest(k, n), pValue, 1e-9);
    expect(signTest(0, 0)).toBe(1);
  });
});

describe('preference between interleaved rankers', () => {
  it('counts users, not clicks: one user with a hundred clicks is one vote', () => {
    const result = computed(preferenceTest([0, 1, 1, 1, 0], [100, 0, 0, 0, 0]));
    expect(result).toMatchObject({ forA: 3, forB: 1, ties: 1 });
    expect(result.signPValue).toBeCloseTo(0.625, 12);
    expect(result.preference).toBeCloseTo(-0.5, 12);
  });

  it('is mirrored when the rankers change places', () => {
    const [a, b] = [
      [3, 0, 1, 2, 5, 0],
      [1, 2, 1, 4, 0, 0],
    ];
    const there = computed(preferenceTest(a, b));
    const back = computed(preferenceTest(b, a));
    expect(back.preference).toBeCloseTo(-there.preference, 12);
    expect(back.signPValue).toBe(there.signPValue);
    expect(computed(back.inference).low).toBeCloseTo(-computed(there.inference).high, 12);
  });

  it('finds a preference of heavy users no more often than alpha when there is none', () => {
    const random = seededRandom(10);
    const rounds = 1000;
    let [bySign, byMean] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      // A user clicks on one team for a whole day: clicks are not independent.
      const a: number[] = [];
      const b: number[] = [];
      for (let user = 0; user < 200; user++) {
        const clicks = Math.floor(30 * random() ** 3);
        const toA = random() < 0.5 ? clicks : 0;
        a.push(toA);
        b.push(clicks - toA);
      }
      const result = computed(preferenceTest(a, b));
      bySign += Number(result.signPValue < 0.05);
      byMean += Number(computed(result.inference).pValue < 0.05);
    }
    // 99 % band of 1,000 throws at .05 above; the exact test may lie below.
    expect(bySign).toBeLessThan(69);
    expect(byMean).toBeGreaterThan(32);
    expect(byMean).toBeLessThan(69);
  });

  it('does not decide without clicks, on missing credit or on one user', () => {
    expect(preferenceTest([0, 0], [0, 0])).toEqual({ status: 'not_computable', reason: 'too_few_users' });
    expect(preferenceTest([1, NaN], [0, 0])).toEqual({ status: 'not_computable', reason: 'not_finite' });
    expect(computed(preferenceTest([0], [4])).inference).toMatchObject({ status: 'not_computable' });
    expect(computed(preferenceTest([0, 0], [4, 1])).inference).toMatchObject({ reason: 'zero_variance' });
  });
});
