import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameOf, OccurrenceCounter } from '../../src/import/event-id.ts';

test('a name depends on every part and on where it stands', () => {
  const names = [['a', 'b'], ['ab'], ['a', null, 'b'], ['b', 'a'], ['a', 'b', 1], ['a', 'b', '2']].map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  expect(nameOf(['a', 'b'])).toBe(nameOf(['a', 'b']));
  // Stored ids rest on it: it must not change from one version to the next.
  expect(nameOf(['online-retail', '536365', '85123A'])).toMatchInlineSnapshot(`"qZOIZFv97bmeJ7kJAGfl"`);
});

test('occurrences are counted as a map would, across growth', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 2_000 }), (values) => {
      const counter = new OccurrenceCounter(4);
      const expected = new Map<number, number>();
      for (const value of values) {
        const before = expected.get(value) ?? 0;
        expected.set(value, before + 1);
        expect(counter.next(nameOf([value]))).toBe(before);
      }
    }),
    { numRuns: 30 },
  );
});
