import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { winsorCap, winsorise } from '../../src/statistics/winsorise.ts';

describe('winsorising', () => {
  it('takes the percentile of all arms together', () => {
    const cap = winsorCap(
      [
        [1, 2, 3, 4, 5],
        [6, 7, 8, 9, 1000],
      ],
      { percentile: 0.9 },
    );
    expect(cap).toBe(9);
    expect([...winsorise([3, 1000, -4], cap)]).toEqual([3, 9, -4]);
  });

  it('looks only at buyers when asked, so that a cap of 0 does not erase a rare metric', () => {
    const revenue = [...new Array<number>(98).fill(0), 20, 500];
    expect(winsorCap([revenue], { percentile: 0.95 })).toBe(0);
    expect(winsorCap([revenue], { percentile: 0.5, positiveOnly: true })).toBe(20);
  });

  it('does not depend on which arm a user is in, and caps at most the promised share', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 100 }),
        (values, cut, percent) => {
          const at = cut % (values.length + 1);
          const percentile = percent / 100;
          const cap = winsorCap([values.slice(0, at), values.slice(at)], { percentile });
          expect(cap).toBe(winsorCap([values], { percentile }));
          expect(values.filter((value) => value > cap).length).toBeLessThanOrEqual(
            (1 - percentile) * values.length + 1e-9,
          );
        },
      ),
    );
  });

  it('caps nothing when there is nobody, and refuses NaN and percentiles out of range', () => {
    expect(winsorCap([[], []], { percentile: 0.99 })).toBe(Infinity);
    expect(winsorCap([[0, 0]], { percentile: 0.99, positiveOnly: true })).toBe(Infinity);
    expect(() => winsorCap([[1, NaN]], { percentile: 0.99 })).toThrow(RangeError);
    for (const percentile of [0, 1.01, NaN]) expect(() => winsorCap([[1]], { percentile })).toThrow(RangeError);
  });
});
