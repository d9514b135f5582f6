import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FlatIndex } from '../src/retrieval/flat-index.ts';
import { HNSW_DEFAULTS, HnswIndex } from '../src/retrieval/hnsw-index.ts';
import { ScanIndex } from '../src/retrieval/scan-index.ts';
import type { BenchVectors } from './retrieval-vectors.ts';

/** Of the files below: another number makes them anew. */
const VERSION = 1;

export interface BenchIndex {
  readonly name: string;
  readonly index: FlatIndex | HnswIndex | ScanIndex;
  /** Of the index beside the vectors. */
  readonly bytes: number;
  /** When it was made, perhaps in an earlier run. */
  readonly buildS: number;
  /** From its file to the first search. */
  readonly openMs: number;
}

/** Where made indexes are kept between runs; `.shortlist` of the checkout unless told. Outside git. */
const cacheFolder = (): string =>
  join(process.env.SHORTLIST_BENCH_CACHE ?? resolve(import.meta.dirname, '../../../.shortlist/bench'), 'indexes');

/** `flat`; `flat_int8`; `ivf` with as many lists as suit, or `ivf2048`; `hnsw16x200`: M x efConstruction. */
export async function benchIndex(name: string, { name: set, vectors, dim }: BenchVectors): Promise<BenchIndex> {
  if (name === 'flat') return { name, index: new FlatIndex(vectors, dim), bytes: 0, buildS: 0, openMs: 0 };
  const file = join(cacheFolder(), `${set}.${name}.${VERSION}`);
  if (!existsSync(file)) await make(name, file, vectors, dim);
  const { buildS } = JSON.parse(await readFile(`${file}.json`, 'utf8')) as { buildS: number };
  const { size: bytes } = await stat(file);
  const started = performance.now();
  const index = name.startsWith('hnsw')
    ? await HnswIndex.load(file, vectors, dim, HNSW_DEFAULTS.ef)
    : ScanIndex.of(await readFile(file), vectors, dim);
  return { name, index, bytes, buildS, openMs: performance.now() - started };
}

async function make(name: string, file: string, vectors: Float32Array, dim: number): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const started = performance.now();
  const tell = (line: string) => process.stderr.write(`\r${name}: ${line}    `);
  const graph = /^hnsw(\d+)x(\d+)$/.exec(name);
  const codes = /^(flat_int8|ivf)(\d*)$/.exec(name);
  if (graph) {
    const settings = { ...HNSW_DEFAULTS, m: Number(graph[1]), efConstruction: Number(graph[2]) };
    const index = HnswIndex.build(vectors, dim, settings, (done) => tell(`${done} rows`));
    await index.save(`${file}.making`);
  } else if (codes) {
    const suiting = codes[1] === 'ivf' ? ScanIndex.listsFor(vectors.length / dim) : 1;
    const listCount = codes[2] === '' ? suiting : Number(codes[2]);
    await writeFile(`${file}.making`, ScanIndex.fileOf(vectors, dim, { listCount, seed: 1, progress: tell }));
  } else throw new Error(`${name} is no index`);
  process.stderr.write('\n');
  await writeFile(`${file}.json`, JSON.stringify({ buildS: (performance.now() - started) / 1000 }));
  await rename(`${file}.making`, file);
}
