import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderByValue } from '../../src/stages/5-rank/order.ts';

describe('ordering candidates', () => {
  it('is what a stable sort by descending value gives', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0, max: 200, noNaN: true }), { maxLength: 600 }), (list) => {
        const values = Float32Array.from(list, (value) => Math.abs(value));
        const out = new Int32Array(list.length);
        orderByValue(values, list.length, out);
        const expected = list.map((_, c) => c).sort((a, b) => values[b]! - values[a]! || a - b);
        expect(Array.from(out)).toEqual(expected);
      }),
    );
  });
});
