import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { innerProduct } from '../../src/retrieval/flat-index.ts';
import { solveInPlace } from '../../src/retrieval/sources/cholesky.ts';
import { FoldIn } from '../../src/retrieval/sources/fold-in.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';

interface Known {
  readonly row: number;
  readonly weight: number;
}

/** The same in plain JavaScript, one number after the other. */
function solved(
  factors: Float32Array,
  dim: number,
  { alpha0, ridge }: Record<string, number>,
  known: readonly Known[],
) {
  const system = new Float64Array(dim * dim);
  const right = new Float64Array(dim);
  const add = (row: number, weight: number, isKnown: boolean) => {
    for (let a = 0; a < dim; a++) {
      const scaled = weight * factors[row * dim + a]!;
      if (isKnown) right[a]! += scaled;
      for (let b = 0; b <= a; b++) system[a * dim + b]! += scaled * factors[row * dim + b]!;
    }
  };
  for (let row = 0; row < factors.length / dim; row++) add(row, alpha0!, false);
  for (const { row, weight } of known) add(row, weight, true);
  for (let a = 0; a < dim; a++) system[a * dim + a]! += ridge!;
  solveInPlace(system, right, dim);
  const user = Float32Array.from(right);
  return Array.from({ length: factors.length / dim }, (_, row) => Math.fround(innerProduct(factors, row * dim, user)));
}

describe('the fold-in of iALS', () => {
  it('is what plain JavaScript makes of it, to the bit, however many rows are added at once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 1000 }),
        (quarters, count, rowsMax, seed) => {
          const dim = 4 * quarters;
          const random = seededRandom(seed);
          const factors = Float32Array.from({ length: count * dim }, () => random() - 0.5);
          const known = Array.from({ length: Math.floor(random() * 30) }, () => ({
            row: Math.floor(random() * count),
            weight: random() * 3,
          }));
          const foldIn = new FoldIn(factors, dim, rowsMax);
          foldIn.begin(foldIn.gramian(0.1));
          for (const { row, weight } of known) foldIn.add(row, weight);
          const expected = solved(factors, dim, { alpha0: 0.1, ridge: 0.5 }, known);
          expect(Array.from(foldIn.solve(0.5))).toEqual(expected);
        },
      ),
    );
  });

  it('keeps nothing of the user before', () => {
    const factors = Float32Array.from({ length: 10 * 4 }, (_, i) => Math.sin(i));
    const foldIn = new FoldIn(factors, 4, 3);
    const gramian = foldIn.gramian(0.2);
    const of = (rows: readonly number[]) => {
      foldIn.begin(gramian);
      for (const row of rows) foldIn.add(row, 1);
      return Array.from(foldIn.solve(0.1));
    };
    const first = of([1, 2, 3, 4, 5]);
    of([9]);
    expect(of([1, 2, 3, 4, 5])).toEqual(first);
  });

  it('refuses a system without a solution', () => {
    const foldIn = new FoldIn(new Float32Array(8).fill(NaN), 4, 2);
    foldIn.begin(new Float64Array(16));
    foldIn.add(0, 1);
    expect(() => foldIn.solve(0)).toThrow('degenerate');
  });
});
