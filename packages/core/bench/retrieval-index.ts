/**
 * Recall and time of the vector indexes, filters included:
 * `node packages/core/bench/retrieval-index.ts [--items 20000,200000 | --fold DIR] [--graphs 16x200,32x400]
 * [--ef 500,800,1200,2000] [--json FILE]`.
 * Vectors are clustered at random, or those of a training fold (`training/run-<digest>/folds/final`) with its real users. Graphs
 * are M x efConstruction; one of 32x400 takes minutes per 200,000 items.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlatIndex } from '../src/retrieval/flat-index.ts';
import { HNSW_DEFAULTS, HnswIndex } from '../src/retrieval/hnsw-index.ts';
import type { VectorIndex } from '../src/retrieval/vector-index.ts';
import { seededRandom } from '../src/statistics/seeded-random.ts';
import { interleaved, report, summarised, type BenchResult } from './report.ts';
import { syntheticVectors, trainedVectors, type BenchVectors } from './retrieval-vectors.ts';

const QUERIES = 200;
const K = 500;
const ROUNDS = { repeats: 5, calls: 20 };

function option(name: string, initial: string): string {
  const at = process.argv.indexOf(name);
  return at < 0 ? initial : (process.argv[at + 1] ?? initial);
}
const efs = option('--ef', '500,800,1200,2000').split(',').map(Number);
const graphs = option('--graphs', `${HNSW_DEFAULTS.m}x${HNSW_DEFAULTS.efConstruction}`).split(',');

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

/** Masks that leave a share of the items: at random, and a half space, what a category is to who likes another one. */
function masks({ vectors, dim }: BenchVectors): Record<string, Uint8Array> {
  const count = vectors.length / dim;
  const random = seededRandom(23);
  const keep = (share: number) => Uint8Array.from({ length: count }, () => (random() < share ? 0 : 1));
  const side = Uint8Array.from({ length: count }, (_, row) => (vectors[row * dim]! > 0 ? 0 : 1));
  return { half: keep(0.5), tenth: keep(0.1), hundredth: keep(0.01), side };
}

function build({ name, vectors, dim }: BenchVectors, graph: string): { index: HnswIndex; results: BenchResult[] } {
  const [m = 0, efConstruction = 0] = graph.split('x').map(Number);
  const started = performance.now();
  const index = HnswIndex.build(vectors, dim, { ...HNSW_DEFAULTS, m, efConstruction }, (done) =>
    process.stderr.write(`\r${name} ${graph}: ${done} indexed`),
  );
  process.stderr.write('\n');
  const buildS = (performance.now() - started) / 1000;
  return { index, results: [summarised(`index.hnsw.${name}.${graph}.build`, 's', [buildS])] };
}

async function bytesOf(index: HnswIndex): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-bench-'));
  await index.save(join(folder, 'index.hnsw'));
  const { size } = statSync(join(folder, 'index.hnsw'));
  rmSync(folder, { recursive: true });
  return size;
}

async function measure(of: BenchVectors): Promise<BenchResult[]> {
  const { name, vectors, dim, queries } = of;
  const flat = new FlatIndex(vectors, dim);
  const [rows, scores] = [new Int32Array(K), new Float32Array(K)];
  const search = (index: VectorIndex, mask: Uint8Array | null) => (call: number) =>
    void index.search(queries[call % queries.length]!, K, rows, scores, mask);
  const flatName = `index.flat.${name}.k${K}`;
  const results: BenchResult[] = [];
  for (const graph of graphs) {
    const hnsw = build(of, graph);
    const stem = `index.hnsw.${name}.${graph}`;
    results.push(...hnsw.results, summarised(`${stem}.bytes`, 'bytes', [await bytesOf(hnsw.index)]));
    const alternatives: Record<string, (call: number) => void> = { [flatName]: search(flat, null) };
    for (const ef of efs) {
      hnsw.index.ef = ef;
      results.push(summarised(`${stem}.ef${ef}.recall${K}`, 'share', [recallOf(hnsw.index, flat, queries, null)]));
      const searchIt = search(hnsw.index, null);
      alternatives[`${stem}.ef${ef}.k${K}`] = (call) => {
        hnsw.index.ef = ef;
        searchIt(call);
      };
    }
    results.push(...interleaved(alternatives, ROUNDS));
    hnsw.index.ef = HNSW_DEFAULTS.ef;
    for (const [maskName, mask] of Object.entries(masks(of))) {
      results.push(
        summarised(`${stem}.${maskName}.recall${K}`, 'share', [recallOf(hnsw.index, flat, queries, mask)]),
        ...interleaved(
          {
            [`index.flat.${name}.${maskName}.k${K}`]: search(flat, mask),
            [`${stem}.${maskName}.k${K}`]: search(hnsw.index, mask),
          },
          ROUNDS,
        ),
      );
    }
  }
  return results;
}

const fold = option('--fold', '');
const results: BenchResult[] = [];
if (fold !== '') results.push(...(await measure(await trainedVectors(fold, QUERIES))));
else
  for (const items of option('--items', '20000,200000').split(','))
    results.push(...(await measure(syntheticVectors(Number(items), QUERIES))));
report(results);
