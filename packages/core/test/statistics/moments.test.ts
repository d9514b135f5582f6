import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMoments,
  covarianceOf,
  emptyMoments,
  meanOf,
  momentsOf,
  productIndex,
  subtractMoments,
} from '../../src/statistics/moments.ts';

/** Integers add exactly, so the algebra holds to the bit. */
const users = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 9 })), { maxLength: 30 });
const momentsFrom = (rows: [number, number][]) =>
  momentsOf(
    rows.map(([a]) => a),
    rows.map(([, b]) => b),
  );

describe('moments', () => {
  it('of two groups add up to the moments of all of their users, in any order and grouping', () => {
    fc.assert(
      fc.property(users, users, users, (a, b, c) => {
        const [x, y, z] = [momentsFrom(a), momentsFrom(b), momentsFrom(c)];
        expect(addMoments(x, y)).toEqual(momentsFrom([...a, ...b]));
        expect(addMoments(x, y)).toEqual(addMoments(y, x));
        expect(addMoments(addMoments(x, y), z)).toEqual(addMoments(x, addMoments(y, z)));
      }),
    );
  });

  it('of nobody change nothing, and what was added can be taken out again', () => {
    fc.assert(
      fc.property(users, users, (a, b) => {
        const [x, y] = [momentsFrom(a), momentsFrom(b)];
        expect(addMoments(x, emptyMoments(2))).toEqual(x);
        expect(subtractMoments(addMoments(x, y), y)).toEqual(x);
      }),
    );
  });

  it('give means and sample covariances', () => {
    const moments = momentsOf([1, 2, 6], [4, 0, 2]);
    expect(meanOf(moments, 0)).toBe(3);
    expect(covarianceOf(moments, 0, 0)).toBeCloseTo(7, 12);
    expect(covarianceOf(moments, 0, 1)).toBeCloseTo(-1, 12);
    expect(covarianceOf(moments, 1, 0)).toBe(covarianceOf(moments, 0, 1));
  });

  it('pack each pair of variables once', () => {
    const places = new Set<number>();
    for (let i = 0; i < 5; i++) for (let j = i; j < 5; j++) places.add(productIndex(5, i, j));
    expect([...places].sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, place) => place));
    expect(productIndex(5, 3, 1)).toBe(productIndex(5, 1, 3));
  });

  it('of a constant have no variance, whatever rounding leaves, and of one user no variance that is a number', () => {
    expect(covarianceOf(momentsOf(new Array<number>(1000).fill(0.1)), 0, 0)).toBe(0);
    expect(covarianceOf(momentsOf([3]), 0, 0)).toBeNaN();
    expect(meanOf(emptyMoments(1), 0)).toBeNaN();
  });

  it('refuse columns of different lengths and sums of different variables', () => {
    expect(() => momentsOf([1], [1, 2])).toThrow('columns of 1 and 2 users');
    expect(() => addMoments(emptyMoments(1), emptyMoments(2))).toThrow('do not add');
  });
});
