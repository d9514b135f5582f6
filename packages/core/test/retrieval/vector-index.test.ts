import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseIndex } from '../../src/retrieval/choose-index.ts';
import { FlatIndex, innerProduct } from '../../src/retrieval/flat-index.ts';
import { HNSW_DEFAULTS, HnswIndex } from '../../src/retrieval/hnsw-index.ts';
import type { VectorIndex } from '../../src/retrieval/vector-index.ts';
import { clusteredVectors } from './clustered-vectors.ts';

const DIM = 64;
const COUNT = 20_000;

function answer(index: VectorIndex, query: Float32Array, k: number, excluded: Uint8Array | null = null) {
  const rows = new Int32Array(k);
  const scores = new Float32Array(k);
  const count = index.search(query, k, rows, scores, excluded);
  return { rows: [...rows.subarray(0, count)], scores: [...scores.subarray(0, count)] };
}

/** Sorts everything: slow and plainly right. */
function bruteForce(vectors: Float32Array, dim: number, query: Float32Array, k: number, excluded: Uint8Array | null) {
  return Array.from({ length: vectors.length / dim }, (_, row) => ({
    row,
    score: innerProduct(vectors, row * dim, query),
  }))
    .filter(({ row }) => excluded?.[row] !== 1)
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, k)
    .map(({ row }) => row);
}

describe('flat index', () => {
  it('finds exactly what sorting everything finds, under any mask', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 50 }), (seed, count, k) => {
        const vectors = clusteredVectors(count, 8, 3, seed);
        const query = clusteredVectors(1, 8, 1, seed + 1);
        const excluded = Uint8Array.from({ length: count }, (_, row) => (row * 7 + seed) & 1);
        const index = new FlatIndex(vectors, 8);
        expect(answer(index, query, k, excluded).rows).toEqual(bruteForce(vectors, 8, query, k, excluded));
        const rows = Int32Array.from({ length: count }, (_, row) => row);
        const out = new Int32Array(k);
        const found = index.searchRows(query, rows, k, out, new Float32Array(k), excluded);
        expect([...out.subarray(0, found)]).toEqual(answer(index, query, k, excluded).rows);
      }),
      { numRuns: 100 },
    );
  });

  it('orders equal scores by row', () => {
    const vectors = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
    expect(answer(new FlatIndex(vectors, 4), vectors.subarray(0, 4), 2).rows).toEqual([0, 1]);
  });

  it.each([
    ['NaN', Float32Array.from([NaN, 0, 0, 0])],
    ['zero', new Float32Array(4)],
    ['not of unit length', Float32Array.from([2, 0, 0, 0])],
  ])('refuses a vector that is %s, in the table and as a query', (_, vector) => {
    expect(() => new FlatIndex(vector, 4)).toThrow(expect.objectContaining({ code: 'vector_invalid' }));
    const index = new FlatIndex(Float32Array.from([1, 0, 0, 0]), 4);
    expect(() => answer(index, vector, 1)).toThrow(expect.objectContaining({ code: 'vector_invalid' }));
  });
});

describe('hnsw index', () => {
  const vectors = clusteredVectors(COUNT, DIM, 200, 5);
  const queries = clusteredVectors(50, DIM, 200, 5);
  const query = (q: number) => queries.subarray(q * DIM, (q + 1) * DIM);
  const exact = new FlatIndex(vectors, DIM);
  let hnsw: HnswIndex;
  beforeAll(() => {
    hnsw = HnswIndex.build(vectors, DIM);
  });

  it('finds at least 97 of 100 of the exact 500 nearest, and the same ten at the top', () => {
    let hits = 0;
    for (let q = 0; q < 50; q++) {
      const expected = answer(exact, query(q), 500);
      const found = answer(hnsw, query(q), 500);
      const known = new Set(found.rows);
      hits += expected.rows.filter((row) => known.has(row)).length;
      expect(found.rows.slice(0, 10)).toEqual(expected.rows.slice(0, 10));
      expect(found.scores.slice(0, 10)).toEqual(expected.scores.slice(0, 10));
    }
    expect(hits / (50 * 500)).toBeGreaterThanOrEqual(0.97);
  });

  it('gives the very answers of the exact scan at 20,000: the first hundred as it is, all 500 with a larger ef', () => {
    for (const [k, ef] of [
      [100, HNSW_DEFAULTS.ef],
      [500, 3200],
    ] as const) {
      hnsw.ef = ef;
      for (let q = 0; q < 50; q++) expect(answer(hnsw, query(q), k)).toEqual(answer(exact, query(q), k));
    }
    hnsw.ef = HNSW_DEFAULTS.ef;
  });

  it.each([0.5, 0.95])('still finds enough when a mask takes %d of the items', (share) => {
    const excluded = Uint8Array.from({ length: COUNT }, (_, row) => ((row * 2654435761) % 1000 < share * 1000 ? 1 : 0));
    for (let q = 0; q < 10; q++) {
      const expected = answer(exact, query(q), 100, excluded);
      const found = answer(hnsw, query(q), 100, excluded);
      expect(found.rows.some((row) => excluded[row] === 1)).toBe(false);
      const known = new Set(found.rows);
      expect(expected.rows.filter((row) => known.has(row)).length).toBeGreaterThanOrEqual(97);
    }
  });

  it('answers the same after it was saved and loaded', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shortlist-hnsw-'));
    await hnsw.save(join(folder, 'index.hnsw'));
    const loaded = await HnswIndex.load(join(folder, 'index.hnsw'), vectors, DIM, 800);
    expect(answer(loaded, query(0), 100)).toEqual(answer(hnsw, query(0), 100));
    rmSync(folder, { recursive: true });
  });

  it('finds what is left when a filter bars all that is near', () => {
    const inner = exactScores(query(0));
    const excluded = Uint8Array.from(inner, (score) => (score > 0.2 ? 1 : 0));
    const expected = answer(exact, query(0), 50, excluded);
    expect(expected.rows).toHaveLength(50);
    expect(answer(hnsw, query(0), 50, excluded)).toEqual(expected);
    const two = new Uint8Array(COUNT).fill(1);
    two[7] = two[19_999] = 0;
    expect(answer(hnsw, query(0), 50, two)).toEqual(answer(exact, query(0), 50, two));
  });

  it('takes a k beyond the number of items', () => {
    const few = clusteredVectors(30, 8, 3, 4);
    const small = HnswIndex.build(few, 8);
    expect(answer(small, few.subarray(0, 8), 2_000)).toEqual(answer(new FlatIndex(few, 8), few.subarray(0, 8), 2_000));
  });

  it('refuses a file that is damaged or of other vectors', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shortlist-hnsw-'));
    const file = join(folder, 'index.hnsw');
    const few = clusteredVectors(300, 8, 3, 1);
    await HnswIndex.build(few, 8).save(file);
    const whole = readFileSync(file);
    const load = (bytes: Uint8Array, of: Float32Array, dim: number) => {
      writeFileSync(file, bytes);
      return HnswIndex.load(file, of, dim, 100);
    };
    await expect(load(whole, few, 8)).resolves.toBeInstanceOf(HnswIndex);
    await expect(load(whole.subarray(0, -10), few, 8)).rejects.toThrow('corrupted');
    await expect(load(new Uint8Array(1000).fill(7), few, 8)).rejects.toThrow('corrupted');
    await expect(load(new Uint8Array(0), few, 8)).rejects.toThrow('corrupted');
    await expect(load(whole, few.slice(0, 200 * 8), 8)).rejects.toThrow('300 nodes, the table 200 rows');
    await expect(load(whole, clusteredVectors(300, 8, 3, 2), 8)).rejects.toThrow('of other vectors');
    await expect(load(whole, clusteredVectors(300, 16, 3, 1), 16)).rejects.toThrow('of other vectors');
    rmSync(folder, { recursive: true });
  });

  function exactScores(of: Float32Array): Float32Array {
    return Float32Array.from({ length: COUNT }, (_, row) => innerProduct(vectors, row * DIM, of));
  }
});

describe('choice of the index', () => {
  const vectors = clusteredVectors(2_000, DIM, 20, 9);

  it('measures every kind and keeps one that reaches the recall target', () => {
    const queries = vectors.slice(0, 20 * DIM);
    const choice = chooseIndex(vectors, DIM, queries, { kind: 'auto', k: 100, recallTarget: 0.97 });
    expect(choice.measurements.map(({ kind }) => kind)).toEqual(['flat', 'flat_int8', 'hnsw']);
    expect(choice.measurements.find(({ kind }) => kind === 'flat')!.recall).toBe(1);
    expect(choice.measurements.find(({ kind }) => kind === choice.kind)!.recall).toBeGreaterThanOrEqual(0.97);
  });

  it('raises ef until the recall target is reached', () => {
    const queries = vectors.slice(0, 20 * DIM);
    const hnsw = { m: 4, efConstruction: 20, ef: 20 };
    const choose = (recallTarget: number) =>
      chooseIndex(vectors, DIM, queries, { kind: 'hnsw', k: 20, recallTarget, hnsw });
    const [low, high] = [choose(0.05), choose(0.999)];
    expect((low.index as HnswIndex).ef).toBe(20);
    expect((high.index as HnswIndex).ef).toBeGreaterThan(20);
    expect(high.measurements[0]!.recall).toBeGreaterThan(low.measurements[0]!.recall);
    expect(high.measurements[0]!.hnsw).toEqual({ ...hnsw, ef: (high.index as HnswIndex).ef });
  });

  it('keeps the exact scan when nothing could be measured', () => {
    const choice = chooseIndex(vectors, DIM, new Float32Array(0), { kind: 'auto', k: 100, recallTarget: 0.97 });
    expect(choice.kind).toBe('flat');
  });
});
