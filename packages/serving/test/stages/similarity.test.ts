import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CopiedProducts } from '@shortlist/core/retrieval/copied-products.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { VectorSimilarity } from '../../src/stages/6-rerank/similarity.ts';

const DIM = 8;
const ROWS = 700;
const random = seededRandom(5);
const vectors = Float32Array.from({ length: ROWS * DIM }, () => random() - 0.5);

it('is the inner product with every item of the pool, also of a pool that is multiplied in parts', () => {
  const similarity = new VectorSimilarity(new CopiedProducts(vectors, DIM, 1), vectors, DIM);
  const dot = (a: number, b: number) => {
    let sum = 0;
    for (let d = 0; d < DIM; d++) sum += vectors[a * DIM + d]! * vectors[b * DIM + d]!;
    return sum;
  };
  const pools = fc.array(fc.nat(ROWS - 1), { minLength: 1, maxLength: 600, size: 'max' });
  fc.assert(
    fc.property(pools, fc.array(fc.nat(ROWS - 1), { minLength: 1, maxLength: 3 }), (pool, seen) => {
      similarity.begin(Int32Array.from(pool), pool.length);
      for (const row of seen) {
        const found = similarity.to(row);
        pool.forEach((other, i) => expect(found[i]).toBeCloseTo(dot(row, other), 5));
      }
    }),
    { numRuns: 40 },
  );
});
