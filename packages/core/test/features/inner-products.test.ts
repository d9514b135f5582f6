import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InnerProducts } from '../../src/features/inner-products.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';

const LANES = 8;

/** The same sum in plain TypeScript: eight partial sums in float32, added in the kernel's order. */
function reference(a: Float32Array, b: Float32Array): number {
  const sums = new Float32Array(LANES);
  a.forEach((value, d) => (sums[d % LANES] = sums[d % LANES]! + Math.fround(value * b[d]!)));
  const four = new Float32Array(4).map((_, lane) => sums[lane]! + sums[lane + 4]!);
  return Math.fround(Math.fround(four[0]! + four[2]!) + Math.fround(four[1]! + four[3]!));
}

function tableOf(count: number, dim: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count * dim }, () => 4 * random() - 2);
}

describe('inner products by the kernel', () => {
  it('equal the scalar ones to the bit, for any dimension, rows and number of queries', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 130 }),
        fc.array(fc.nat({ max: 39 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(),
        (dim, picked, queries, seed) => {
          const table = tableOf(40, dim, seed);
          const products = new InnerProducts(dim, 7);
          const vectorOf = (row: number) => table.subarray(row * dim, (row + 1) * dim);
          for (let q = 0; q < queries; q++) products.setQuery(q, table, q * dim);
          const found = products.run(table, Int32Array.from(picked), 0, picked.length, queries);
          picked.forEach((row, i) => {
            for (let q = 0; q < queries; q++)
              expect(found[i * queries + q]).toBe(reference(vectorOf(row), vectorOf(q)));
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are of the mean of queries, and of the rows asked for only', () => {
    const products = new InnerProducts(2, 3);
    const table = Float32Array.from([1, 0, 0, 1, 3, 4]);
    products.setQuery(0, table, 0);
    products.setQuery(1, table, 2);
    products.setMean(2, 0, 2);
    const found = products.run(table, Int32Array.from([0, 1, 2]), 1, 3, 3);
    expect([...found.subarray(0, 6)]).toEqual([0, 1, 0.5, 3, 4, 3.5]);
  });
});
