import { describe, expect, it } from 'vitest';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { meanWaitMs, quantileMs } from '../../src/capacity/queueing.ts';

describe('the M/G/1 model', () => {
  it("has Pollaczek and Khinchine's mean, by hand", () => {
    // u S (1 + c2) / (2 (1 - u)): .5 * 2 * 2 / (2 * .5) and, for constant service, half of it.
    expect(meanWaitMs({ serviceMs: 2, variation: 1 }, 0.5)).toBeCloseTo(2, 12);
    expect(meanWaitMs({ serviceMs: 2, variation: 0 }, 0.5)).toBeCloseTo(1, 12);
  });

  it('waits for nobody where hardly anybody comes', () => {
    expect(quantileMs({ serviceMs: 3, variation: 1 }, 0.01, 0.99)).toBe(3);
  });

  it('finds the waits of a simulated queue with random service times', () => {
    const random = seededRandom(5);
    const exponential = () => -Math.log(1 - random());
    const utilisation = 0.7;
    // Lindley: who comes next waits for what is left of the work before.
    const waits: number[] = [];
    let wait = 0;
    for (let n = 0; n < 400_000; n++) {
      waits.push(wait);
      wait = Math.max(0, wait + exponential() - exponential() / utilisation);
    }
    waits.sort((a, b) => a - b);
    const server = { serviceMs: 1, variation: 1 };
    const mean = waits.reduce((sum, one) => sum + one, 0) / waits.length;
    expect(Math.abs(mean / meanWaitMs(server, utilisation) - 1)).toBeLessThan(0.1);
    // The model adds the mean service to the wait's quantile.
    const p99 = waits[Math.floor(0.99 * waits.length)]!;
    expect(Math.abs((p99 + 1) / quantileMs(server, utilisation, 0.99) - 1)).toBeLessThan(0.1);
  });
});
