/**
 * Recall and time of the vector indexes, filters included:
 * `node packages/core/bench/retrieval-index.ts [--items 20000,200000] [--vectors FILE.f32 --dim 64] [--json FILE]`.
 * Vectors are clustered at random, or read from a release's item-vectors.f32. HNSW takes about a minute per 200,000.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlatIndex } from '../src/retrieval/flat-index.ts';
import { HNSW_DEFAULTS, HnswIndex } from '../src/retrieval/hnsw-index.ts';
import type { VectorIndex } from '../src/retrieval/vector-index.ts';
import { seededRandom } from '../src/statistics/seeded-random.ts';
import { clusteredVectors } from '../test/retrieval/clustered-vectors.ts';
import { interleaved, report, summarised, type BenchResult } from './report.ts';

const QUERIES = 200;
const K = 500;
const option = (name: string) =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
const dim = Number(option('--dim') ?? 64);

interface Setting {
  readonly name: string;
  readonly vectors: Float32Array;
}

/** Users are near items: an item's vector with noise. */
function queriesFrom(vectors: Float32Array): Float32Array[] {
  const random = seededRandom(17);
  const count = vectors.length / dim;
  return Array.from({ length: QUERIES }, () => {
    const row = Math.floor(random() * count);
    const query = Float32Array.from(vectors.subarray(row * dim, (row + 1) * dim), (v) => v + 0.06 * (random() - 0.5));
    const length = Math.hypot(...query);
    return query.map((value) => value / length);
  });
}

/** Share of the exact best k that an index finds, mean over the queries. */
function recallOf(index: VectorIndex, exact: VectorIndex, queries: readonly Float32Array[], mask: Uint8Array | null) {
  const [rows, expected, scores] = [new Int32Array(K), new Int32Array(K), new Float32Array(K)];
  let share = 0;
  for (const query of queries) {
    const wanted = expected.subarray(0, exact.search(query, K, expected, scores, mask));
    const found = new Set(rows.subarray(0, index.search(query, K, rows, scores, mask)));
    share += wanted.reduce((hits, row) => hits + (found.has(row) ? 1 : 0), 0) / wanted.length;
  }
  return share / queries.length;
}

/** Masks that leave a share of the items: at random, and all of a few clusters (rows of like index are unrelated). */
function masks(vectors: Float32Array): Record<string, Uint8Array | null> {
  const count = vectors.length / dim;
  const random = seededRandom(23);
  const keep = (share: number) => Uint8Array.from({ length: count }, () => (random() < share ? 0 : 1));
  // A half space: what a category is to a user who likes another one.
  const half = Uint8Array.from({ length: count }, (_, row) => (vectors[row * dim]! > 0 ? 0 : 1));
  return { all: null, half: keep(0.5), tenth: keep(0.1), hundredth: keep(0.01), side: half };
}

async function measure({ name, vectors }: Setting): Promise<BenchResult[]> {
  const queries = queriesFrom(vectors);
  const flat = new FlatIndex(vectors, dim);
  const started = performance.now();
  const hnsw = HnswIndex.build(vectors, dim, HNSW_DEFAULTS, (done) =>
    process.stderr.write(`\r${name}: ${done} indexed`),
  );
  const buildS = (performance.now() - started) / 1000;
  process.stderr.write('\n');
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-bench-'));
  const file = join(folder, 'index.hnsw');
  await hnsw.save(file);
  const results = [
    summarised(`index.hnsw.${name}.build`, 's', [buildS]),
    summarised(`index.hnsw.${name}.bytes`, 'bytes', [statSync(file).size]),
  ];
  rmSync(folder, { recursive: true });
  const [rows, scores] = [new Int32Array(K), new Float32Array(K)];
  for (const [maskName, mask] of Object.entries(masks(vectors))) {
    results.push(
      summarised(`index.hnsw.${name}.${maskName}.recall${K}`, 'share', [recallOf(hnsw, flat, queries, mask)]),
    );
    const search = (index: VectorIndex) => (call: number) =>
      void index.search(queries[call % QUERIES]!, K, rows, scores, mask);
    results.push(
      ...interleaved(
        {
          [`index.flat.${name}.${maskName}.k${K}`]: search(flat),
          [`index.hnsw.${name}.${maskName}.k${K}`]: search(hnsw),
        },
        { repeats: 5, calls: 20 },
      ),
    );
  }
  return results;
}

function settings(): Setting[] {
  const file = option('--vectors');
  if (file !== undefined) {
    const vectors = new Float32Array(new Uint8Array(readFileSync(file)).buffer);
    return [{ name: `${vectors.length / dim}`, vectors }];
  }
  return (option('--items') ?? '20000,200000').split(',').map((items) => ({
    name: items,
    vectors: clusteredVectors(Number(items), dim, Math.ceil(Number(items) / 100), 5),
  }));
}

const results: BenchResult[] = [];
for (const setting of settings()) results.push(...(await measure(setting)));
report(results);
