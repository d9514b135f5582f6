import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign } from '@shortlist/core/assignment/assign.ts';
import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import { keptPlacements } from '@shortlist/core/assignment/placement.ts';
import { BUCKETS } from '@shortlist/core/contracts/assignment-snapshot.ts';
import { contentOf, experimentOf, layerOf, NOW_S, variantsOf } from './snapshots.ts';

const schedule = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: BUCKETS })), {
    minLength: 1,
    maxLength: 8,
  })
  .map((steps) => {
    const exposed = steps.map(([, buckets]) => buckets).sort((a, b) => a - b);
    let atS = NOW_S;
    return steps.map(([waitS], s) => ({ atS: (atS += waitS), exposed: exposed[s]! }));
  });

describe('a ramp', () => {
  it('moves nobody who is in, in 10,000 random schedules', () => {
    let [entered, stayedOut] = [0, 0];
    fc.assert(
      fc.property(schedule, fc.string(), fc.array(fc.integer({ min: 0, max: 5000 })), (ramp, unit, waits) => {
        const variants = variantsOf([200_000, 300_000, 500_000]);
        const compiled = compileSnapshot(contentOf([layerOf('l', [experimentOf('e', { ramp, variants })])]));
        const place = keptPlacements(compiled, 10);
        const moments = [...ramp.map(({ atS }) => atS), ...waits.map((wait) => NOW_S + wait)].sort((a, b) => a - b);
        let variant: string | null = null;
        let phase = -1;
        for (const nowS of moments) {
          const [assignment] = assign(compiled, { userId: unit, nowS }, place);
          if (variant !== null) expect(assignment?.enrolment.assigned).toBe(variant);
          if (assignment === undefined) continue;
          variant = assignment.enrolment.assigned;
          expect(assignment.enrolment.phase).toBeGreaterThanOrEqual(phase);
          phase = assignment.enrolment.phase;
        }
        if (variant === null) stayedOut += 1;
        else entered += 1;
      }),
      { numRuns: 10_000, seed: 1 },
    );
    // Neither all nor none, or nothing was shown.
    expect(Math.min(entered, stayedOut)).toBeGreaterThan(500);
  });

  it('exposes the share that its step says, and nobody before the first', () => {
    const ramp = [
      { atS: NOW_S, exposed: 10_000 },
      { atS: NOW_S + 10, exposed: 250_000 },
      { atS: NOW_S + 20, exposed: BUCKETS },
    ];
    const compiled = compileSnapshot(contentOf([layerOf('l', [experimentOf('e', { ramp })])]));
    const exposedAt = (nowS: number) => {
      const ids = Array.from({ length: 20_000 }, (_, id) => String(id));
      return ids.filter((userId) => assign(compiled, { userId, nowS }).length > 0).length / ids.length;
    };
    expect(exposedAt(NOW_S - 0.001)).toBe(0);
    expect(exposedAt(NOW_S)).toBeCloseTo(0.01, 2);
    expect(exposedAt(NOW_S + 19.9)).toBeCloseTo(0.25, 1);
    expect(exposedAt(NOW_S + 20)).toBe(1);
  });
});
