import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowNumbers } from '../../src/retrieval/row-numbers.ts';

/** Rows that lie close together, far apart, and at the end of what an int32 holds. */
const rows = fc.array(fc.oneof(fc.nat(50), fc.nat(2 ** 31 - 1), fc.integer({ min: 2 ** 31 - 50, max: 2 ** 31 - 1 })), {
  maxLength: 200,
});

it('numbers rows in the order in which they come, and forgets them all', () => {
  const numbers = new RowNumbers();
  fc.assert(
    fc.property(rows, rows, (added, asked) => {
      numbers.reset();
      const model = new Map<number, number>();
      for (const row of added) {
        if (!model.has(row)) model.set(row, model.size);
        expect(numbers.add(row)).toBe(model.get(row));
      }
      expect(numbers.count).toBe(model.size);
      for (const row of [...added, ...asked]) expect(numbers.get(row)).toBe(model.get(row) ?? -1);
    }),
  );
});

it('grows with what it holds', () => {
  const numbers = new RowNumbers();
  const row = (i: number) => (i * 7_919) % 1_000_003;
  for (let i = 0; i < 100_000; i++) expect(numbers.add(row(i))).toBe(i);
  for (let i = 0; i < 100_000; i++) expect(numbers.get(row(i))).toBe(i);
  numbers.reset();
  expect(numbers.get(row(1))).toBe(-1);
});
