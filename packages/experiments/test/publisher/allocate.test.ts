import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate, bucketsOf, countBuckets, freeBuckets } from '@shortlist/experiments/publisher/allocate.ts';
import { tile } from '@shortlist/experiments/publisher/snapshot-content.ts';
import type { BucketRange } from '@shortlist/core/stores/experiment-store.ts';

const inside = (bucket: number, ranges: readonly BucketRange[]) =>
  ranges.some(({ from, to }) => from <= bucket && bucket < to);

describe('buckets of a layer', () => {
  it('come from the lowest that nobody has', () => {
    expect(
      allocate(
        [],
        [
          { from: 0, to: 10 },
          { from: 20, to: 30 },
        ],
        15,
      ),
    ).toEqual([
      { from: 10, to: 20 },
      { from: 30, to: 35 },
    ]);
    expect(allocate([{ from: 10, to: 15 }], [{ from: 0, to: 10 }], 8)).toEqual([{ from: 10, to: 18 }]);
  });

  it('are refused when there are not enough, and filled to the last one', () => {
    expect(allocate([], [{ from: 0, to: 900_000 }], 100_001)).toBeNull();
    expect(allocate([], [{ from: 0, to: 900_000 }], 100_000)).toEqual([{ from: 900_000, to: 1_000_000 }]);
  });

  it('belong to one experiment each, and what one has stays its own, however others come, grow and go', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      share: fc.double({ min: 0, max: 0.6, noNaN: true }),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const owned = new Map<string, readonly BucketRange[]>();
        for (const { name, share, ends } of steps) {
          if (ends) {
            owned.delete(name);
            continue;
          }
          const before = owned.get(name) ?? [];
          const wanted = Math.max(bucketsOf(share), countBuckets(before));
          const others = [...owned].filter(([other]) => other !== name).flatMap(([, ranges]) => ranges);
          const after = allocate(before, others, wanted);
          if (after === null) {
            expect(wanted - countBuckets(before)).toBeGreaterThan(freeBuckets([...before, ...others]));
            continue;
          }
          expect(countBuckets(after)).toBe(wanted);
          for (const { from, to } of before)
            for (const bucket of [from, to - 1]) expect(inside(bucket, after)).toBe(true);
          owned.set(name, after);
          const all = [...owned.values()].flat().sort((x, y) => x.from - y.from);
          all.forEach((range, i) => expect(range.from).toBeGreaterThanOrEqual(all[i - 1]?.to ?? 0));
          expect(all.at(-1)?.to ?? 0).toBeLessThanOrEqual(1_000_000);
        }
      }),
    );
  });
});

describe('buckets of variants', () => {
  it('tile all of them, each within one bucket of its weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 2, maxLength: 20 }), (parts) => {
        const sum = parts.reduce((a, b) => a + b, 0);
        fc.pre(sum > 0);
        const variants = parts.map((part, i) => ({ name: `v${i}`, weight: part / sum }));
        const tiles = tile(variants).map(({ buckets }) => buckets);
        expect([tiles[0]!.from, tiles.at(-1)!.to]).toEqual([0, 1_000_000]);
        tiles.forEach(({ from, to }, i) => {
          expect(from).toBe(tiles[i - 1]?.to ?? 0);
          expect(Math.abs(to - from - variants[i]!.weight * 1e6)).toBeLessThanOrEqual(1.000001);
        });
      }),
    );
  });
});
