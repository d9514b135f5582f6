import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Turns } from '../../src/serve/turns.ts';

test('one has the turn at a time, in the order of asking, whatever comes and goes', () => {
  const step = fc.record({ who: fc.nat(5), kind: fc.constantFrom('want', 'done') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const given: number[] = [];
      const turns = new Turns<number>((who) => given.push(who));
      const waiting: number[] = [];
      let holder: number | null = null;
      const expected: number[] = [];
      for (const { who, kind } of steps) {
        if (kind === 'want') {
          if (waiting.includes(who) || holder === who) continue;
          waiting.push(who);
          turns.want(who);
        } else {
          if (holder === who) holder = null;
          else if (waiting.includes(who)) waiting.splice(waiting.indexOf(who), 1);
          turns.done(who);
        }
        if (holder === null && waiting.length > 0) expected.push((holder = waiting.shift()!));
        expect(given).toEqual(expected);
      }
    }),
  );
});
