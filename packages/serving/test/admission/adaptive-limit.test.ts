import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '@shortlist/serving/admission/adaptive-limit.ts';

const TARGET_MS = 20;

/** A server that takes `costMs` a request and always has as many in flight as it may; returns the last queue time. */
function overload(limit: AdaptiveLimit, costMs: number, seconds: number, fromMs = 0): number {
  let queuedMs = 0;
  for (let nowMs = fromMs; nowMs < fromMs + seconds * 1000; nowMs += costMs) {
    queuedMs = limit.limit * costMs;
    limit.sample('shopper', { waitedMs: queuedMs, inFlight: limit.limit, nowMs });
  }
  return queuedMs;
}

describe('the adaptive limit', () => {
  it('stays between its floor and its maximum, whatever it sees', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(
          fc.record({
            waitedMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
            inFlight: fc.nat(20_000),
            stepMs: fc.nat(500),
          }),
          { maxLength: 300 },
        ),
        (limitMax, steps) => {
          const limit = new AdaptiveLimit({ limitMax, targetMs: TARGET_MS });
          let nowMs = 0;
          for (const { waitedMs, inFlight, stepMs } of steps) {
            limit.sample('shopper', { waitedMs, inFlight, nowMs: (nowMs += stepMs) });
            expect(limit.limit).toBeGreaterThanOrEqual(8);
            expect(limit.limit).toBeLessThanOrEqual(Math.max(8, limitMax));
          }
        },
      ),
    );
  });

  it('steers a standing queue to about the target, however much a request costs', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 1.5, noNaN: true }), (costMs) => {
        const limit = new AdaptiveLimit({ limitMax: 10_000, targetMs: TARGET_MS });
        const queuedMs = overload(limit, costMs, 20);
        // The fixed point of the formula: target / (1 - 1 / sqrt(L)), with L rounded down.
        const expectedMs = TARGET_MS / (1 - 1 / Math.sqrt(limit.limit));
        expect(queuedMs).toBeGreaterThan(TARGET_MS - 2 * costMs);
        expect(queuedMs).toBeLessThan(expectedMs + 2 * costMs);
      }),
      { numRuns: 30 },
    );
  });

  it('leaves bursts alone: one request in a window that hardly waited says that the queue drains', () => {
    const limit = new AdaptiveLimit({ limitMax: 256, targetMs: TARGET_MS });
    for (let nowMs = 0; nowMs < 5_000; nowMs += 2)
      limit.sample('shopper', { waitedMs: nowMs % 100 === 0 ? 1 : 90, inFlight: 90, nowMs });
    expect(limit.limit).toBe(256);
  });

  it('heeds the class whose queue stands, not the one that overtakes it', () => {
    const limit = new AdaptiveLimit({ limitMax: 256, targetMs: TARGET_MS });
    for (let nowMs = 0; nowMs < 3_000; nowMs += 2) {
      limit.sample('shopper', { waitedMs: 0, inFlight: limit.limit, nowMs });
      limit.sample('prefetch', { waitedMs: 80, inFlight: limit.limit, nowMs });
    }
    expect(limit.limit).toBeLessThan(30);
  });

  it('falls from what was in flight within two windows, however far above the maximum is', () => {
    const limit = new AdaptiveLimit({ limitMax: 10_000, targetMs: TARGET_MS });
    for (let nowMs = 0; nowMs <= 210; nowMs += 2)
      limit.sample('shopper', { waitedMs: 90, inFlight: Math.min(45, limit.limit), nowMs });
    expect(limit.limit).toBeLessThan(30);
  });

  it('is back at its maximum within seconds when the queue is short again', () => {
    const limit = new AdaptiveLimit({ limitMax: 256, targetMs: TARGET_MS });
    overload(limit, 1, 10);
    expect(limit.limit).toBeLessThan(40);
    for (let nowMs = 10_000; nowMs < 13_000; nowMs += 5) limit.sample('shopper', { waitedMs: 0.5, inFlight: 1, nowMs });
    expect(limit.limit).toBe(256);
  });
});
