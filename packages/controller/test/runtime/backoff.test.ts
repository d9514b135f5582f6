import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '@shortlist/controller/runtime/backoff.ts';

const options = fc.record({
  baseMs: fc.integer({ min: 1, max: 1_000 }),
  maxMs: fc.integer({ min: 1_000, max: 600_000 }),
});
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the pause after failures', () => {
  it('is between half and all of a doubling that ends at the maximum', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 10_000 }), chance, (given, failures, by) => {
        const whole = Math.min(given.maxMs, given.baseMs * 2 ** Math.min(failures - 1, 40));
        const ms = backoffMs(given, failures, by);
        expect(ms).toBeGreaterThanOrEqual(whole / 2);
        expect(ms).toBeLessThan(whole + 1e-9);
      }),
    );
  });

  it('never gets shorter with more failures, for the same chance', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 100 }), chance, (given, failures, by) => {
        expect(backoffMs(given, failures + 1, by)).toBeGreaterThanOrEqual(backoffMs(given, failures, by));
      }),
    );
  });

  it('differs by chance, so that what failed together is not tried again together', () => {
    expect(backoffMs({ baseMs: 100, maxMs: 1_000 }, 3, 0)).toBe(200);
    expect(backoffMs({ baseMs: 100, maxMs: 1_000 }, 3, 0.5)).toBe(300);
  });
});
