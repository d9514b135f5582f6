import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlatIndex } from '../../../src/retrieval/flat-index.ts';
import { BLOCK, codeOf, codeScale, CODE_ZERO } from '../../../src/retrieval/kernel/codes.ts';
import { layoutOf, readShape, tablesOf } from '../../../src/retrieval/kernel/index-file.ts';
import { kernelLayout } from '../../../src/retrieval/kernel/kernel.ts';
import { ScanIndex, ScanStorage } from '../../../src/retrieval/scan-index.ts';
import { atOnce } from '../../../src/catalog/pieces.ts';
import { clusteredVectors } from '../clustered-vectors.ts';
import { decode, KernelReference } from './kernel-reference.ts';

/** An index with the kernel's own search laid bare, and the reference over the same bytes. */
function open(vectors: Float32Array, dim: number, listCount: number, seed = 1) {
  const file = ScanIndex.fileOf(vectors, dim, { listCount, seed });
  const count = vectors.length / dim;
  const storage = new ScanStorage({ fileBytes: file.length, dim, capacity: count });
  storage.file.set(file);
  storage.vectors.set(vectors);
  const index = atOnce(ScanIndex.open(storage, { dim, count }, { probes: 1, band: 0 }));
  const { run, layout, buffer } = storage.kernel;
  const search = (
    query: Float32Array,
    options: { k: number; keep: number; probes: number; mask: Uint8Array | null; survivorsWanted: number },
  ) => {
    new Float32Array(buffer, layout.QUERY, dim).set(query);
    if (options.mask) storage.mask.set(options.mask);
    const mask = options.mask ? storage.mask.byteOffset : 0;
    const found = run.search(options.k, options.keep, options.probes, mask, options.survivorsWanted);
    return {
      rows: [...new Int32Array(buffer, layout.SORTED_IDS, found)],
      scores: [...new Float32Array(buffer, layout.SCORES, found)],
      survivors: options.mask ? run.survivorsSeen() : 0,
    };
  };
  return { file, index, search, reference: new KernelReference(file, vectors) };
}

/** Unit vectors of one large value, so that scores are equal or opposite, and codes are clipped. */
function spikes(count: number, dim: number, seed: number): Float32Array {
  const vectors = new Float32Array(count * dim);
  for (let row = 0; row < count; row++)
    vectors[row * dim + ((((row * 7 + seed) % 3) + dim) % dim)] = (row + seed) % 2 === 0 ? 1 : -1;
  return vectors;
}

const cases = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  count: fc.integer({ min: 1, max: 400 }),
  dim: fc.integer({ min: 1, max: 9 }).map((groups) => 16 * groups),
  lists: fc.constantFrom(1, 2, 5, 17, 40),
  k: fc.integer({ min: 1, max: 120 }),
  band: fc.integer({ min: 0, max: 60 }),
  probes: fc.integer({ min: 1, max: 45 }),
  clusters: fc.constantFrom(1, 3, 20),
  kind: fc.constantFrom('clustered', 'spikes', 'equal'),
  left: fc.constantFrom(null, 0, 0.1, 0.5, 0.99),
  survivorsWanted: fc.constantFrom(1, 20, 200, 1e6),
});

function vectorsOf({
  kind,
  count,
  dim,
  clusters,
  seed,
}: { kind: string } & Record<'count' | 'dim' | 'clusters' | 'seed', number>) {
  if (kind === 'spikes') return spikes(count, dim, seed);
  if (kind === 'clustered') return clusteredVectors(count, dim, clusters, seed);
  const one = clusteredVectors(1, dim, 1, seed);
  return Float32Array.from({ length: count * dim }, (_, i) => one[i % dim]!);
}

describe('scan kernel', () => {
  it('equals the scalar reference to the bit: rows, order, scores and survivors', () => {
    fc.assert(
      fc.property(cases, (of) => {
        const { dim, count, lists, k, band, probes, seed, left, survivorsWanted } = of;
        const vectors = vectorsOf(of);
        const { search, reference } = open(vectors, dim, Math.min(lists, count), seed);
        const mask =
          left === null
            ? null
            : Uint8Array.from({ length: count }, (_, row) => ((row * 2654435761 + seed) % 1000 < left * 1000 ? 0 : 1));
        for (const query of [
          clusteredVectors(1, dim, 1, seed + 1),
          vectors.slice(0, dim),
          vectors.slice(-dim).map((x) => -x),
        ]) {
          const options = { k, keep: k + band, probes, mask, survivorsWanted };
          expect(search(query, options)).toEqual(
            reference.search(query, { ...options, probes: Math.min(probes, lists, count) }),
          );
        }
      }),
      { numRuns: 400 },
    );
  });

  it('equals it over many more hits than the buffer holds, also when they come in rising order or are all equal', () => {
    const dim = 16;
    const count = 20_000;
    const query = Float32Array.from({ length: dim }, (_, d) => (d === 0 ? 1 : 0));
    const angle = (row: number) => (Math.PI * row) / count;
    const turned = (angleOf: (row: number) => number) =>
      Float32Array.from({ length: count * dim }, (_, i) => {
        const [row, d] = [Math.floor(i / dim), i % dim];
        return d === 0 ? Math.cos(angleOf(row)) : d === 1 ? Math.sin(angleOf(row)) : 0;
      });
    for (const vectors of [
      turned(angle),
      turned((row) => angle(count - row)),
      turned(() => 1),
      turned(() => 2),
      turned((row) => angle((row * 7919) % count)),
    ])
      for (const [k, keep] of [
        [1, 1],
        [500, 600],
        [1000, 4096],
        [4096, 4096],
      ] as const) {
        const { search, reference } = open(vectors, dim, 1);
        const options = { k, keep, probes: 1, mask: null, survivorsWanted: 1 };
        expect(search(query, options)).toEqual(reference.search(query, options));
      }
  });

  it('equals it at the largest dimension and most lists', () => {
    const { DIM_MAX, LISTS_MAX } = kernelLayout();
    const wide = clusteredVectors(200, DIM_MAX, 4, 3);
    const one = open(wide, DIM_MAX, 8);
    const options = { k: 50, keep: 60, probes: 3, mask: null, survivorsWanted: 1 };
    expect(one.search(wide.slice(0, DIM_MAX), options)).toEqual(one.reference.search(wide.slice(0, DIM_MAX), options));
    const many = clusteredVectors(9000, 16, 50, 4);
    const all = open(many, 16, LISTS_MAX);
    const every = { ...options, probes: LISTS_MAX };
    expect(all.search(many.slice(16, 32), every)).toEqual(all.reference.search(many.slice(16, 32), every));
  });

  it('with every list and a band as wide as the table finds what the exact scan finds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 90 }),
        (seed, count, k) => {
          const dim = 32;
          const vectors = clusteredVectors(count, dim, 4, seed);
          const query = clusteredVectors(1, dim, 1, seed + 1);
          const index = ScanIndex.build(
            vectors,
            dim,
            { listCount: Math.min(7, count), seed },
            { probes: 7, band: count },
          );
          const [rows, scores] = [new Int32Array(k), new Float32Array(k)];
          const [expected, expectedScores] = [new Int32Array(k), new Float32Array(k)];
          const found = index.search(query, k, rows, scores, null);
          expect(found).toBe(new FlatIndex(vectors, dim).search(query, k, expected, expectedScores, null));
          expect(rows).toEqual(expected);
          expect(scores).toEqual(expectedScores);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('lays every row out once, and its codes are within half a step of its values', () => {
    const dim = 48;
    const vectors = clusteredVectors(333, dim, 5, 8);
    const file = ScanIndex.fileOf(vectors, dim, { listCount: 9, seed: 2 });
    const shape = readShape(file);
    const { rows, sizes, firstBlocks, codes } = tablesOf(file, shape);
    const seen: number[] = [];
    sizes.forEach((size, list) => {
      for (let i = 0; i < size; i++) {
        const position = firstBlocks[list]! * BLOCK + i;
        const row = rows[position]!;
        seen.push(row);
        for (let d = 0; d < dim; d++) {
          const at = (position - (position % BLOCK)) * dim + (d >> 2) * 64 + (position % BLOCK) * 4 + (d & 3);
          const value = vectors[row * dim + d]!;
          const clipped = codes[at] === 0 || codes[at] === 127;
          if (!clipped)
            expect(Math.abs(decode(codes[at]!, shape.scale) - value)).toBeLessThanOrEqual(0.5001 / shape.scale);
        }
      }
    });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 333 }, (_, row) => row));
    expect(file.length).toBe(layoutOf(shape).bytes);
  });

  it('keeps codes within 7 bits and the zero where it is', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: 1, max: 1e4, noNaN: true }),
        (value, scale) => {
          const code = codeOf(value, scale);
          expect(code >= 0 && code <= 127 && Number.isInteger(code)).toBe(true);
          expect(codeOf(0, scale)).toBe(CODE_ZERO);
        },
      ),
    );
    expect(codeScale(Float32Array.of(0.5, -0.25, 0.1, 0))).toBeCloseTo(126);
  });
});
