import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { copiedLists } from './copied-lists.ts';

const LISTS = 12;

/** Lists of distinct rows below `rows`, of `length` entries at most; positive and negative, some equal. */
function drawn(rows: number, length: number, seed: number) {
  const random = seededRandom(seed);
  const lists = Array.from({ length: LISTS }, () => {
    const named = new Set(Array.from({ length: Math.floor(random() * length) }, () => Math.floor(random() * rows)));
    return [...named].map((row) => ({ row, score: random() < 0.3 ? 0.5 : Math.fround(random() * 3 - 0.5) }));
  });
  const offsets = new Int32Array(LISTS + 1);
  lists.forEach((list, i) => (offsets[i + 1] = offsets[i]! + list.length));
  const flat = lists.flat();
  const plain = {
    offsets,
    neighbors: Int32Array.from(flat, ({ row }) => row),
    scores: Float32Array.from(flat, ({ score }) => score),
  };
  return { lists, sums: copiedLists(plain, rows) };
}

describe.each([
  ['dense', 300, 200],
  ['dense, few rows', 5, 5],
  ['hashed', 1_000_000, 200],
  ['hashed, grown to the last row', 9_000, 9_000],
])('weighted sums of lists, %s', (_, rows, length) => {
  it('are what plain JavaScript makes of them, to the bit, in order, whoever asked before', () => {
    const { lists, sums } = drawn(rows, length, 5);
    const [found, values] = [new Int32Array(rows), new Float32Array(rows)];
    const addition = fc.record({
      list: fc.nat(LISTS - 1),
      weight: fc.float({ min: Math.fround(0.01), max: 4, noNaN: true }),
      isGuest: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(addition, { maxLength: 12 }),
        fc.integer({ min: 0, max: Math.min(rows, 600) }),
        fc.option(fc.nat(4)),
        (added, k, barred) => {
          const expected = new Map<number, number>();
          const own = added.filter(({ isGuest }) => !isGuest).map(({ list }) => list);
          sums.begin(Int32Array.from(own), own.length);
          for (const { list, weight, isGuest } of added) {
            const entries = lists[list]!;
            if (isGuest) {
              const [to, scores] = [entries.map(({ row }) => row), entries.map(({ score }) => score)];
              sums.addGuest(Int32Array.from(to), Float32Array.from(scores), weight);
            } else sums.add(list, weight);
            for (const { row, score } of entries)
              expected.set(row, Math.fround((expected.get(row) ?? 0) + Math.fround(weight * score)));
          }
          const excluded =
            barred === null ? null : Uint8Array.from({ length: rows }, (_, row) => (row % 5 === barred ? 1 : 0));
          const count = sums.best(k, excluded, found, values);
          const best = [...expected]
            .filter(([row, sum]) => sum > 1e-36 && excluded?.[row] !== 1)
            .sort(([rowA, a], [rowB, b]) => b - a || rowA - rowB)
            .slice(0, k);
          expect([...found.subarray(0, count)]).toEqual(best.map(([row]) => row));
          expect([...values.subarray(0, count)]).toEqual(best.map(([, sum]) => sum));
          for (const row of [0, rows - 1, ...[...expected.keys()].slice(0, 50)])
            expect(sums.get(row)).toBe(expected.get(row) ?? 0);
        },
      ),
      { numRuns: rows > 100_000 ? 60 : 100 },
    );
  });
});
