import { describe, expect, it } from 'vitest';
import { exceedanceGuard } from '../../src/statistics/exceedance-guard.ts';
import { momentsOf } from '../../src/statistics/moments.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { exponential } from './random-draws.ts';
import { computed } from './vectors.ts';

const LIMIT_MS = 150;

/** Per user [requests over the limit, requests]; a user on a slow line is slow on every request. */
function latencies(seed: number, users: number, factor: number) {
  const random = seededRandom(seed);
  const over: number[] = [];
  const requests: number[] = [];
  for (let user = 0; user < users; user++) {
    const line = factor * (18 + 10 * exponential(random));
    const count = 1 + Math.floor(20 * random());
    let slow = 0;
    for (let request = 0; request < count; request++) if (line * exponential(random) > LIMIT_MS) slow += 1;
    over.push(slow);
    requests.push(count);
  }
  return momentsOf(over, requests);
}

describe('guard of a p99 or an error rate', () => {
  it('finds a slow treatment and not an equal one', () => {
    const control = latencies(1, 4000, 1);
    const equal = computed(exceedanceGuard(control, latencies(2, 4000, 1), { allowed: 0.01 }));
    expect(equal.harm).toBe(false);
    expect(equal.low).toBeLessThan(0);
    const slow = computed(exceedanceGuard(control, latencies(3, 4000, 1.4), { allowed: 0.01 }));
    expect(slow.harm).toBe(true);
    expect(slow.low).toBeGreaterThan(0);
    expect(slow.treatment).toBeGreaterThan(0.01);
  });

  it('does not roll back a difference within the allowed tail or the margin', () => {
    const [control, slow] = [latencies(1, 4000, 1), latencies(3, 4000, 1.4)];
    const { treatment, low } = computed(exceedanceGuard(control, slow));
    expect(exceedanceGuard(control, slow, { allowed: treatment + 0.001 })).toMatchObject({ harm: false });
    expect(exceedanceGuard(control, slow, { margin: low + 1e-9 })).toMatchObject({ harm: false });
  });

  it('waits for events and users before it says anything', () => {
    const quiet = momentsOf(new Array<number>(500).fill(0), new Array<number>(500).fill(9));
    expect(exceedanceGuard(quiet, quiet)).toEqual({ status: 'not_computable', reason: 'too_few_events' });
    const few = latencies(4, 60, 5);
    expect(exceedanceGuard(few, few)).toEqual({ status: 'not_computable', reason: 'too_few_users' });
    const missing = momentsOf([NaN, 40, 3], [1, 50, 4]);
    expect(exceedanceGuard(missing, few)).toMatchObject({ status: 'not_computable' });
  });
});
