import { describe, expect, it } from 'vitest';
import { compare } from '../checker/compare.ts';
import { sideOf } from '../checker/oha.ts';

const side = (p50Ms: number, p99Ms: number) => ({
  ...{ tool: 'any', requests: 100, perSecond: 10, notAccepted: 0 },
  ...{ p50Ms, p99Ms },
});
const round = (k6: readonly [number, number], other: readonly [number, number]) => ({
  k6: side(...k6),
  other: side(...other),
});
const AT = { rate: 100, seconds: 10 };

describe('k6 beside another tool', () => {
  it('agrees within a millisecond or a fifth at the median, and 3 ms or 30 % at p99', () => {
    expect(compare([round([2, 10], [2.9, 12.9])], AT)).toMatchObject({ verdict: 'agree', rate: 100 });
    expect(compare([round([20, 100], [23.9, 129])], AT).verdict).toBe('agree');
  });

  it('disagrees beyond it, and says which figure', () => {
    const { verdict, why } = compare([round([2, 10], [2, 14])], AT);
    expect(verdict).toBe('disagree');
    expect(why).toMatch(/p99: k6 10\.00 ms, the other 14\.00 ms, 4\.00 ms apart: more than 3\.00 ms/);
  });

  it('says nothing where rounds of one tool differ as much as the tools do', () => {
    const rounds = [round([2, 10], [2, 14]), round([2, 20], [2, 30]), round([2, 10], [2, 14])];
    expect(compare(rounds, AT).verdict).toBe('too noisy');
    // Medians count: one bad round of three is none.
    expect(compare([round([2, 10], [2, 11]), round([2, 90], [2, 11]), round([2, 10], [2, 11])], AT).verdict).toBe(
      'agree',
    );
  });

  it('reads what oha writes, whatever was not accepted apart', () => {
    expect(
      sideOf({
        summary: { requestsPerSec: 99.5 },
        latencyPercentiles: { p50: 0.002, p99: 0.0155 },
        statusCodeDistribution: { '200': 95, '503': 4 },
        errorDistribution: { 'connection closed': 1 },
      }),
    ).toEqual({ tool: 'oha', requests: 100, perSecond: 99.5, notAccepted: 5, p50Ms: 2, p99Ms: 15.5 });
  });
});
