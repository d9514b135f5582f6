import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderDescending } from '../../src/retrieval/float-order.ts';

describe('numbers in descending order of floats', () => {
  it('is what a stable sort by descending value gives', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0, max: 200, noNaN: true }), { maxLength: 3000 }), (list) => {
        const values = Float32Array.from(list, (value) => Math.abs(value));
        const out = new Int32Array(list.length);
        orderDescending(values, list.length, out);
        const expected = list.map((_, c) => c).sort((a, b) => values[b]! - values[a]! || a - b);
        expect(Array.from(out)).toEqual(expected);
      }),
    );
  });
});
