import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { atOnce } from '../../src/catalog/pieces.ts';
import { FlatIndex, innerProduct } from '../../src/retrieval/flat-index.ts';
import { clusterVectors } from '../../src/retrieval/kernel/k-means.ts';
import { Kernel, kernelLayout } from '../../src/retrieval/kernel/kernel.ts';
import { ScanIndex, ScanStorage } from '../../src/retrieval/scan-index.ts';
import type { VectorIndex } from '../../src/retrieval/vector-index.ts';
import { clusteredVectors } from './clustered-vectors.ts';

const DIM = 64;
const COUNT = 20_000;
const K = 500;
const vectors = clusteredVectors(COUNT, DIM, 200, 5);
const queries = clusteredVectors(30, DIM, 200, 5);
const queryOf = (q: number) => queries.subarray(q * DIM, (q + 1) * DIM);
const exact = new FlatIndex(vectors, DIM);

function answer(index: VectorIndex, query: Float32Array, k: number, excluded: Uint8Array | null = null) {
  const [rows, scores] = [new Int32Array(k), new Float32Array(k)];
  const count = index.search(query, k, rows, scores, excluded);
  return { rows: [...rows.subarray(0, count)], scores: [...scores.subarray(0, count)] };
}

function recall(index: VectorIndex, excluded: Uint8Array | null): number {
  let [hits, wanted] = [0, 0];
  for (let q = 0; q < 30; q++) {
    const found = new Set(answer(index, queryOf(q), K, excluded).rows);
    const expected = answer(exact, queryOf(q), K, excluded).rows;
    hits += expected.filter((row) => found.has(row)).length;
    wanted += expected.length;
  }
  return hits / wanted;
}

const hashed = (row: number) => ((row * 2654435761) >>> 0) / 2 ** 32;
const MASKS: Readonly<Record<string, Uint8Array>> = {
  half: Uint8Array.from({ length: COUNT }, (_, row) => (hashed(row) < 0.5 ? 0 : 1)),
  tenth: Uint8Array.from({ length: COUNT }, (_, row) => (hashed(row) < 0.1 ? 0 : 1)),
  hundredth: Uint8Array.from({ length: COUNT }, (_, row) => (hashed(row) < 0.01 ? 0 : 1)),
  side: Uint8Array.from({ length: COUNT }, (_, row) => (vectors[row * DIM]! > 0 ? 0 : 1)),
};

describe.each([
  ['flat_int8', 1, 1],
  ['ivf', 256, 64],
] as const)('index of codes, %s', (kind, listCount, probes) => {
  let index: ScanIndex;
  beforeAll(() => {
    index = ScanIndex.build(vectors, DIM, { listCount, seed: 1 }, { probes, band: 0.2 });
  });

  it('says what it is', () => {
    expect(index).toMatchObject({ kind, listCount, dim: DIM, count: COUNT });
  });

  it('finds at least 97 of 100 of the exact 500 nearest, with scores equal to the bit', () => {
    expect(recall(index, null)).toBeGreaterThanOrEqual(0.97);
    const found = answer(index, queryOf(0), K);
    const scores = found.rows.map((row) => Math.fround(innerProduct(vectors, row * DIM, queryOf(0))));
    expect(found.scores).toEqual(scores);
    expect(found.scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it.each(Object.keys(MASKS))('finds as many when a mask leaves %s, and nothing that it bars', (name) => {
    const mask = MASKS[name]!;
    expect(recall(index, mask)).toBeGreaterThanOrEqual(0.97);
    for (let q = 0; q < 30; q++)
      expect(answer(index, queryOf(q), K, mask).rows.filter((row) => mask[row] === 1)).toEqual([]);
  });

  it('finds all that is left when a filter bars all that is near, or all but two, or everything', () => {
    const barsNear = Uint8Array.from({ length: COUNT }, (_, row) =>
      innerProduct(vectors, row * DIM, queryOf(0)) > 0.2 ? 1 : 0,
    );
    const found = answer(index, queryOf(0), 50, barsNear);
    const expected = new Set(answer(exact, queryOf(0), 50, barsNear).rows);
    expect(found.rows).toHaveLength(50);
    expect(found.rows.filter((row) => expected.has(row)).length).toBeGreaterThanOrEqual(45);
    const two = new Uint8Array(COUNT).fill(1);
    two[7] = two[COUNT - 1] = 0;
    expect(answer(index, queryOf(0), 50, two)).toEqual(answer(exact, queryOf(0), 50, two));
    expect(answer(index, queryOf(0), 50, new Uint8Array(COUNT).fill(1)).rows).toEqual([]);
  });

  it('answers alike whether the mask is its own or another, and forgets both', () => {
    const own = index.mask;
    const other = new Uint8Array(COUNT);
    const [first = 0, second = 0] = answer(index, queryOf(1), 2).rows;
    other[first] = own[first] = 1;
    const without = answer(index, queryOf(1), K, own);
    expect(without.rows).not.toContain(first);
    expect(answer(index, queryOf(1), K, other)).toEqual(without);
    own[first] = 0;
    own[second] = 1;
    expect(answer(index, queryOf(1), 1, own).rows).toEqual([first]);
    own[second] = 0;
    expect(answer(index, queryOf(1), 2).rows).toEqual([first, second]);
  });

  it('searches all rows exactly for what codes are too coarse for: any k', () => {
    for (const k of [kernelLayout().KEEP_MAX, COUNT + 5])
      expect(answer(index, queryOf(2), k)).toEqual(answer(exact, queryOf(2), k));
    const [rows, scores] = [new Int32Array(K), new Float32Array(K)];
    const found = index.searchExactly(queryOf(3), K, rows, scores, MASKS.half!);
    expect({ rows: [...rows.subarray(0, found)], scores: [...scores.subarray(0, found)] }).toEqual(
      answer(exact, queryOf(3), K, MASKS.half),
    );
  });

  it('finds more the more lists it looks through, and the wider the band', () => {
    const before = index.settings;
    const recalls = [1, 4, 16, 64, 256].map((some) => {
      index.settings = { probes: some, band: 0.4 };
      return recall(index, null);
    });
    expect(recalls).toEqual([...recalls].sort((a, b) => a - b));
    index.settings = { probes: listCount, band: 0 };
    const narrow = recall(index, null);
    expect(narrow).toBeLessThan(Math.max(...recalls));
    index.settings = before;
  });
});

describe('index of codes', () => {
  it.each([
    ['NaN', (vector: Float32Array) => (vector[3] = NaN)],
    ['infinite', (vector: Float32Array) => (vector[3] = Infinity)],
    ['zero', (vector: Float32Array) => vector.fill(0)],
    ['not of unit length', (vector: Float32Array) => (vector[3]! += 0.5)],
  ])('refuses a vector that is %s, in the table, in a file and as a query', (_, spoil) => {
    const table = clusteredVectors(50, 16, 3, 1);
    const index = ScanIndex.build(table, 16, { listCount: 2, seed: 1 });
    const file = ScanIndex.fileOf(table, 16, { listCount: 2, seed: 1 });
    const bad = table.slice();
    spoil(bad.subarray(16 * 20, 16 * 21));
    const refused = expect.objectContaining({ code: 'vector_invalid' });
    expect(() => ScanIndex.fileOf(bad, 16, { listCount: 2, seed: 1 })).toThrow(refused);
    expect(() => ScanIndex.of(file, bad, 16)).toThrow(refused);
    expect(() => answer(index, bad.slice(16 * 20, 16 * 21), 1)).toThrow(refused);
    expect(() =>
      index.searchExactly(bad.slice(16 * 20, 16 * 21), 1, new Int32Array(1), new Float32Array(1), null),
    ).toThrow(refused);
  });

  it.each([8, 24, 100, 2048])('refuses dimension %d', (dim) => {
    expect(() => ScanIndex.fileOf(clusteredVectors(3, dim, 1, 1), dim, { listCount: 1, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'vector_invalid' }),
    );
  });

  it('refuses a table that no memory of 32 bits holds', () => {
    expect(() => new ScanStorage({ fileBytes: 1, dim: 1024, capacity: 2e6 })).toThrow(
      expect.objectContaining({ code: 'vector_invalid' }),
    );
    expect(Kernel.bytesMax()).toBeGreaterThan(4e9);
  });

  it('takes any number of rows, from one on, and lists that nothing is in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 90 }),
        fc.integer(),
        (count, lists, seed) => {
          const table = clusteredVectors(count, 16, 2, seed);
          const index = ScanIndex.build(table, 16, { listCount: lists, seed: 1 }, { probes: lists, band: 100 });
          expect(answer(index, table.slice(0, 16), 90)).toEqual(
            answer(new FlatIndex(table, 16), table.slice(0, 16), 90),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is the same file for the same seed, and another for another', () => {
    const some = vectors.slice(0, 2000 * DIM);
    const file = (seed: number) => ScanIndex.fileOf(some, DIM, { listCount: 32, seed });
    expect(Buffer.from(file(1)).equals(file(1))).toBe(true);
    expect(Buffer.from(file(1)).equals(file(2))).toBe(false);
  });

  it('refuses a file of other vectors, or of another number of them', () => {
    const table = clusteredVectors(100, 16, 3, 1);
    const file = ScanIndex.fileOf(table, 16, { listCount: 4, seed: 1 });
    expect(() => ScanIndex.of(file, clusteredVectors(100, 16, 3, 2), 16)).toThrow('of other vectors');
    expect(() => ScanIndex.of(file, table.slice(0, 99 * 16), 16)).toThrow('100 rows of 16, the table has 99');
    expect(() => ScanIndex.of(file, clusteredVectors(50, 32, 3, 1), 32)).toThrow(
      '100 rows of 16, the table has 50 of 32',
    );
    expect(() => ScanIndex.of(file.subarray(0, -1), table, 16)).toThrow('bytes');
  });

  it('scores given rows as the exact scan does, also those behind its own', () => {
    const table = clusteredVectors(40, 48, 3, 6);
    const file = ScanIndex.fileOf(table.slice(0, 30 * 48), 48, { listCount: 3, seed: 1 });
    const storage = new ScanStorage({ fileBytes: file.length, dim: 48, capacity: 40 });
    storage.file.set(file);
    storage.vectors.set(table);
    const index = atOnce(ScanIndex.open(storage, { dim: 48, count: 30 }, { probes: 3, band: 1 }));
    const query = clusteredVectors(1, 48, 1, 7);
    const rows = Int32Array.of(39, 0, 12, 12, 31);
    const expected = Array.from(rows, (row) => innerProduct(table, row * 48, query));
    expect([...index.scoresOf(query, rows, 5)!.subarray(0, 5)]).toEqual(expected);
    expect(index.scoresOf(query, new Int32Array(10_000), 10_000)).toBeUndefined();
  });

  it('leaves room behind the rows, for those that come later', () => {
    const table = clusteredVectors(30, 16, 2, 1);
    const file = ScanIndex.fileOf(table, 16, { listCount: 1, seed: 1 });
    const storage = new ScanStorage({ fileBytes: file.length, dim: 16, capacity: 40 });
    storage.file.set(file);
    storage.vectors.set(table);
    const index = atOnce(ScanIndex.open(storage, { dim: 16, count: 30 }, { probes: 1, band: 1 }));
    expect(answer(index, table.slice(0, 16), 40).rows).toHaveLength(30);
  });
});

describe('k-means', () => {
  it('puts vectors of well separated groups into lists of their own', () => {
    const groups = 8;
    const table = new Float32Array(400 * 16);
    for (let row = 0; row < 400; row++) {
      const angle = ((row * 37) % 100) / 1000;
      table[row * 16 + (row % groups)] = Math.cos(angle);
      table[row * 16 + groups + (row % groups)] = Math.sin(angle);
    }
    const lists = 4 * groups;
    const { listOf, centres } = clusterVectors(table, 16, { listCount: lists, seed: 4 });
    const groupsOfList = Array.from(
      { length: lists },
      (_, list) => new Set([...listOf.keys()].filter((row) => listOf[row] === list).map((row) => row % groups)),
    );
    expect(groupsOfList.filter(({ size }) => size > 1)).toEqual([]);
    expect(new Set(groupsOfList.flatMap((of) => [...of])).size).toBe(groups);
    for (let list = 0; list < lists; list++)
      expect(Math.hypot(...centres.subarray(list * 16, list * 16 + 16))).toBeCloseTo(1, 5);
  });

  it('leaves no list empty while there are vectors enough', () => {
    const { listOf } = clusterVectors(vectors.slice(0, 5000 * DIM), DIM, { listCount: 100, seed: 1 });
    expect(new Set(listOf).size).toBeGreaterThan(90);
  });
});
