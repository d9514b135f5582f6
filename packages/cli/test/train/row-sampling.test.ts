import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { sampleOf, sampleRows } from '../../src/train/row-sampling.ts';

const flags = fc.uint8Array({ min: 0, max: 1, maxLength: 300 });

describe('row sampling', () => {
  it('keeps all that must be kept and weights the others so that they stand for all of them', () => {
    fc.assert(
      fc.property(flags, fc.integer({ min: 1, max: 50 }), fc.nat(), (keep, negativesMax, seed) => {
        const { candidates, weights } = sampleRows(keep, negativesMax, seededRandom(seed));
        const kept = candidates.filter((c) => keep[c] === 1);
        const others = keep.filter((flag) => flag === 0).length;
        expect(kept.length).toBe(keep.length - others);
        expect(candidates.length - kept.length).toBe(Math.min(others, negativesMax));
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(keep.length, 2);
        expect(Array.from(candidates)).toEqual([...new Set(candidates)].sort((a, b) => a - b));
      }),
    );
  });

  it('draws by the seed alone, evenly, without touching its input', () => {
    const values = Array.from({ length: 10 }, (_, i) => i);
    expect(sampleOf(values, 4, seededRandom(1))).toEqual(sampleOf(values, 4, seededRandom(1)));
    const random = seededRandom(2);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 4000; i++) for (const value of sampleOf(values, 4, random)) counts[value]! += 1;
    for (const count of counts) expect(Math.abs(count - 1600)).toBeLessThan(160);
    expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
