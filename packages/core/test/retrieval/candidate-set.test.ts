import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandidateSet } from '../../src/retrieval/candidate-set.ts';
import { SOURCE_COUNT } from '../../src/retrieval/source.ts';

const ITEMS = 20;
type Action =
  | { readonly do: 'reset' }
  | { readonly do: 'add'; readonly row: number; readonly source: number; readonly rank: number }
  | { readonly do: 'select'; readonly seed: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ do: 'reset' } as const) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('select' as const), seed: fc.nat(1000) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      row: fc.nat(ITEMS - 1),
      source: fc.nat(SOURCE_COUNT - 1),
      rank: fc.integer({ min: 1, max: 500 }),
    }),
  },
);

describe('candidate set', () => {
  it('behaves like a map from row to ranks and scores', () => {
    const capacity = 12;
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const set = new CandidateSet(capacity);
        let model = new Map<number, number[]>();
        for (const one of actions) {
          if (one.do === 'reset') {
            set.reset();
            model = new Map();
          } else if (one.do === 'add') {
            const fits = model.has(one.row) || model.size < capacity;
            expect(set.add(one.row, one.source, one.rank / 8, one.rank)).toBe(fits);
            if (!fits) continue;
            const ranks = model.get(one.row) ?? new Array<number>(SOURCE_COUNT).fill(0);
            ranks[one.source] = one.rank;
            model.set(one.row, ranks);
          } else {
            const rows = [...model.keys()];
            const kept = rows.filter((row) => (row * 31 + one.seed) % 3 > 0).reverse();
            set.select(
              Int32Array.from(kept, (row) => rows.indexOf(row)),
              kept.length,
            );
            model = new Map(kept.map((row) => [row, model.get(row)!]));
          }
          expectEqual(set, model);
        }
      }),
      { numRuns: 200 },
    );
  });
});

function expectEqual(set: CandidateSet, model: ReadonlyMap<number, readonly number[]>): void {
  expect([...set.rows.subarray(0, set.count)]).toEqual([...model.keys()]);
  for (let row = 0; row < ITEMS; row++) {
    const slot = set.slotOf(row);
    const ranks = model.get(row);
    if (ranks === undefined) {
      expect(slot).toBe(-1);
      continue;
    }
    const from = slot * SOURCE_COUNT;
    expect([...set.ranks.subarray(from, from + SOURCE_COUNT)]).toEqual(ranks);
    expect([...set.scores.subarray(from, from + SOURCE_COUNT)]).toEqual(ranks.map((rank) => rank / 8));
  }
}
