import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DenseAccumulator, HashedAccumulator } from '../../src/retrieval/sources/accumulator.ts';

const ROWS = 8;
const additions = fc.array(fc.tuple(fc.nat(ROWS - 1), fc.integer({ min: -3, max: 3 })), { maxLength: 40 });

describe.each([
  ['dense', (rows: number) => new DenseAccumulator(rows)],
  ['hashed', () => new HashedAccumulator()],
] as const)('sums, %s', (_, create) => {
  it('are kept per row, each row touched once also where sums cancel out, nothing left from before', () => {
    const sums = create(ROWS);
    fc.assert(
      fc.property(additions, fc.boolean(), (added, asList) => {
        sums.reset();
        const rows = Int32Array.from(added, ([row]) => row);
        const values = Float32Array.from(added, ([, value]) => value);
        if (asList) sums.addList(rows, values, 0, added.length, 0.5);
        else for (const [row, value] of added) sums.add(row, 0.5 * value);
        expect([...sums.touched.subarray(0, sums.count)]).toEqual([...new Set(rows)]);
        const expected = new Float64Array(ROWS);
        for (const [row, value] of added) expected[row]! += 0.5 * value;
        for (let row = 0; row < ROWS; row++) expect(sums.get(row)).toBeCloseTo(expected[row]!, 10);
        const [found, scores] = [new Int32Array(ROWS), new Float32Array(ROWS)];
        const count = sums.best(ROWS, null, found, scores);
        const positive = [...expected.keys()].filter((row) => expected[row]! > 0);
        expect([...found.subarray(0, count)].sort()).toEqual(positive);
      }),
    );
  });

  it('give their best k in order, however they are spread', () => {
    const rows = 200;
    const sums = create(rows);
    const sizes = fc.array(fc.oneof(fc.float({ noNaN: true, min: -10, max: 1000 }), fc.constantFrom(1, 1.5, 1e-20)), {
      maxLength: rows,
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 60 }), fc.option(fc.nat(4)), (values, k, barred) => {
        sums.reset();
        values.forEach((value, row) => sums.add(row, value));
        const excluded =
          barred === null ? null : Uint8Array.from({ length: rows }, (_, row) => (row % 5 === barred ? 1 : 0));
        const [found, scores] = [new Int32Array(rows), new Float32Array(rows)];
        const count = sums.best(k, excluded, found, scores);
        const expected = [...values.keys()]
          .filter((row) => sums.get(row) > 1e-36 && excluded?.[row] !== 1)
          .sort((a, b) => sums.get(b) - sums.get(a) || a - b)
          .slice(0, k);
        expect([...found.subarray(0, count)]).toEqual(expected);
        expect([...scores.subarray(0, count)]).toEqual(expected.map((row) => sums.get(row)));
      }),
      { numRuns: 500 },
    );
  });
});
