import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlatIndex } from '../../src/retrieval/flat-index.ts';
import { GrowingIndex } from '../../src/retrieval/growing-index.ts';
import { HnswIndex } from '../../src/retrieval/hnsw-index.ts';
import { ScanIndex } from '../../src/retrieval/scan-index.ts';
import type { VectorIndex } from '../../src/retrieval/vector-index.ts';
import { clusteredVectors } from './clustered-vectors.ts';

const DIM = 16;

function answer(index: VectorIndex, query: Float32Array, k: number, excluded: Uint8Array | null) {
  const [rows, scores] = [new Int32Array(k), new Float32Array(k)];
  const count = index.search(query, k, rows, scores, excluded);
  return { rows: [...rows.subarray(0, count)], scores: [...scores.subarray(0, count)] };
}

describe('growing index', () => {
  it.each(['flat', 'hnsw', 'ivf'] as const)('over %s answers as an exact scan of old and new rows together', (kind) => {
    const counts = fc.record({ old: fc.integer({ min: 1, max: 60 }), added: fc.nat(30), spare: fc.nat(5) });
    fc.assert(
      fc.property(counts, fc.integer(), fc.integer({ min: 1, max: 100 }), fc.boolean(), (of, seed, k, masked) => {
        const count = of.old + of.added;
        const vectors = new Float32Array((count + of.spare) * DIM);
        const all = clusteredVectors(count, DIM, 3, seed);
        vectors.set(all.subarray(0, of.old * DIM));
        const old = all.slice(0, of.old * DIM);
        const base = {
          flat: () => new FlatIndex(vectors, DIM, of.old),
          hnsw: () => HnswIndex.build(old, DIM),
          ivf: () => ScanIndex.build(old, DIM, { listCount: 3, seed: 1 }, { probes: 3, band: 100 }),
        }[kind]();
        const index = new GrowingIndex(base, vectors);
        for (let row = of.old; row < count; row++) {
          vectors.set(all.subarray(row * DIM, (row + 1) * DIM), row * DIM);
          index.append();
        }
        expect(index.count).toBe(count);
        const excluded = masked
          ? Uint8Array.from({ length: count + of.spare }, (_, row) => (row * 7 + seed) & 1)
          : null;
        const query = clusteredVectors(1, DIM, 1, seed + 1);
        expect(answer(index, query, k, excluded)).toEqual(answer(new FlatIndex(all, DIM), query, k, excluded));
      }),
      { numRuns: 100 },
    );
  });

  it('refuses a row whose vector is not there', () => {
    const vectors = new Float32Array(2 * 4);
    vectors[0] = 1;
    const index = new GrowingIndex(new FlatIndex(vectors, 4, 1), vectors);
    expect(() => index.append()).toThrow(expect.objectContaining({ code: 'vector_invalid' }));
    expect(index.count).toBe(1);
  });
});
