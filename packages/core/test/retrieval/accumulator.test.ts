import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Accumulator } from '../../src/retrieval/sources/accumulator.ts';

it('sums are kept per row, each row touched once also where sums cancel out, nothing left from before', () => {
  const sums = new Accumulator();
  const additions = fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: -3, max: 3 })), { maxLength: 3000 });
  fc.assert(
    fc.property(additions, (added) => {
      sums.reset();
      const expected = new Map<number, number>();
      for (const [row, value] of added) {
        sums.add(row, 0.5 * value);
        expected.set(row, (expected.get(row) ?? 0) + 0.5 * value);
      }
      expect([...sums.touched.subarray(0, sums.count)]).toEqual([...expected.keys()]);
      for (const row of [0, 1, 2, 3001, ...expected.keys()]) expect(sums.get(row)).toBe(expected.get(row) ?? 0);
    }),
    { numRuns: 30 },
  );
});
