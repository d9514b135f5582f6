import { describe, expect, it } from 'vitest';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { compareRounds } from '../../scripts/bench-compare/verdict.ts';

/** Rounds in which the machine's own speed wanders by a quarter and each run by `noise`. */
function twoRevisions(rounds: number, ratio: number, noise: number, seed: number): { a: number[]; b: number[] } {
  const random = seededRandom(seed);
  const a: number[] = [];
  const b: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const machine = 400 * (1 + 0.25 * random());
    a.push(machine * (1 + noise * (random() - 0.5)));
    b.push(machine * ratio * (1 + noise * (random() - 0.5)));
  }
  return { a, b };
}

const verdicts = (ratio: number, noise: number, unit = 'us') =>
  Array.from({ length: 60 }, (_, seed) => {
    const { a, b } = twoRevisions(10, ratio, noise, seed + 1);
    return compareRounds(a, b, { unit, tolerance: 0.02 }).verdict;
  });
const shareOf = (all: readonly string[], verdict: string) => all.filter((one) => one === verdict).length / all.length;

describe('the comparison of two revisions', () => {
  it('calls equal revisions worse in hardly any run, however the machine wanders', () => {
    expect(shareOf(verdicts(1, 0.1), 'worse')).toBeLessThan(0.05);
    expect(shareOf(verdicts(1, 0.1), 'better')).toBeLessThan(0.05);
  });

  it('finds a tenth more time', () => {
    expect(shareOf(verdicts(1.1, 0.02), 'worse')).toBeGreaterThan(0.9);
    expect(shareOf(verdicts(1 / 1.1, 0.02), 'better')).toBeGreaterThan(0.9);
  });

  it('takes fewer requests per second for worse', () => {
    expect(shareOf(verdicts(0.9, 0.02, 'requests/s'), 'worse')).toBeGreaterThan(0.9);
  });

  it('says that it cannot tell where the noise is larger than the change', () => {
    const { a, b } = twoRevisions(4, 1.03, 0.3, 5);
    expect(compareRounds(a, b, { unit: 'us' }).verdict).toBe('unclear');
  });

  it('says same only where a change beyond the tolerance can be ruled out', () => {
    const a = [100, 101, 100, 99, 100, 100];
    expect(compareRounds(a, a, { unit: 'us' })).toMatchObject({ ratio: 1, low: 1, high: 1, verdict: 'same' });
  });

  it('refuses rounds that are not pairs', () => {
    expect(() => compareRounds([1], [1, 2], { unit: 'us' })).toThrow('1 rounds of A and 2 of B');
  });
});
