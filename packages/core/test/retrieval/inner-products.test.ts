import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopiedProducts } from '../../src/retrieval/copied-products.ts';
import type { InnerProducts } from '../../src/retrieval/inner-products.ts';
import { ScanIndex } from '../../src/retrieval/scan-index.ts';
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

const vectorOf = (table: Float32Array, dim: number, row: number) => table.subarray(row * dim, (row + 1) * dim);

/** The storage of an index of codes, of which only the vectors matter here. */
function scanProducts(table: Float32Array, dim: number, queriesMax: number): InnerProducts {
  const unit = Float32Array.from(table);
  for (let row = 0; row < unit.length / dim; row++) {
    const vector = vectorOf(unit, dim, row);
    const length = Math.hypot(...vector);
    vector.forEach((value, d) => (vector[d] = value / length));
  }
  const index = ScanIndex.build(unit, dim, { listCount: 2, seed: 1 });
  table.set(unit);
  return index.products(queriesMax);
}

describe.each([
  ['copied', 1, (table: Float32Array, dim: number, most: number) => new CopiedProducts(table, dim, most)],
  ['in an index', 16, scanProducts],
] as const)('inner products, %s', (_, multiple, create) => {
  it('equal the scalar ones to the bit, for any dimension, rows and number of queries', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: Math.floor(130 / multiple) }),
        fc.array(fc.nat({ max: 39 }), { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(),
        (multiples, picked, queries, seed) => {
          const dim = multiple * multiples;
          const table = tableOf(40, dim, seed);
          const products = create(table, dim, 7);
          for (let q = 0; q < queries; q++) products.setQuery(q, table, q * dim);
          products.take(Int32Array.from(picked), 0, picked.length);
          const found = products.multiply(queries);
          picked.forEach((row, i) => {
            for (let q = 0; q < queries; q++)
              expect(found[i * queries + q]).toBe(reference(vectorOf(table, dim, row), vectorOf(table, dim, q)));
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are of the mean of queries, and of the rows asked for only', () => {
    const dim = multiple * 2;
    const table = tableOf(40, dim, 3);
    const products = create(table, dim, 3);
    products.setQuery(0, table, 0);
    products.setQuery(1, table, dim);
    products.setMean(2, 0, 2);
    products.take(Int32Array.from([0, 1, 2]), 1, 3);
    const found = products.multiply(3);
    const mean = Float32Array.from({ length: dim }, (_, d) => (table[d]! + table[dim + d]!) / 2);
    expect(found[2]).toBe(reference(vectorOf(table, dim, 1), mean));
    expect(found[3]).toBe(reference(vectorOf(table, dim, 2), vectorOf(table, dim, 0)));
    expect(found[5]).toBe(reference(vectorOf(table, dim, 2), mean));
  });
});
