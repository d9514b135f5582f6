import hnswlib from 'hnswlib-node';
import { checkQuery, checkVectors } from './check-vectors.ts';
import { FlatIndex, innerProduct } from './flat-index.ts';
import { TopK } from './top-k.ts';
import type { VectorIndex } from './vector-index.ts';

export interface HnswSettings {
  /** Links per node. */
  readonly m: number;
  /** Candidates looked at while a node is inserted. */
  readonly efConstruction: number;
  /** Candidates looked at in a search; never below k. */
  readonly ef: number;
}

export const HNSW_DEFAULTS: HnswSettings = { m: 16, efConstruction: 200, ef: 800 };

/** With fewer items than this share left by a filter, the survivors are scanned instead of the graph walked. */
const SCAN_SHARE = 0.1;

/**
 * Approximate nearest neighbours by a navigable small-world graph (hnswlib). Built by the release job, never in a pod.
 * Scores are recomputed from the table, so that they equal the flat index's to the bit. A filter is met by asking for
 * more than k; where it leaves little, the survivors are scanned exactly.
 * Source: Malkov & Yashunin 2016, arXiv:1603.09320.
 */
export class HnswIndex implements VectorIndex {
  readonly kind = 'hnsw';
  readonly count: number;
  readonly dim: number;
  readonly #vectors: Float32Array;
  readonly #graph: hnswlib.HierarchicalNSW;
  readonly #exact: FlatIndex;
  readonly #ef: number;
  readonly #top: TopK;

  private constructor(vectors: Float32Array, dim: number, graph: hnswlib.HierarchicalNSW, ef: number) {
    this.#vectors = vectors;
    this.dim = dim;
    this.count = vectors.length / dim;
    this.#graph = graph;
    this.#ef = ef;
    this.#exact = new FlatIndex(vectors, dim);
    this.#top = new TopK(this.count);
  }

  /** `progress` is told after every 10,000 vectors. @throws `vector_invalid` */
  static build(
    vectors: Float32Array,
    dim: number,
    settings: HnswSettings = HNSW_DEFAULTS,
    progress: (done: number) => void = () => undefined,
  ): HnswIndex {
    checkVectors(vectors, dim);
    const count = vectors.length / dim;
    const graph = new hnswlib.HierarchicalNSW('ip', dim);
    graph.initIndex(count, settings.m, settings.efConstruction, 100);
    for (let row = 0; row < count; row++) {
      graph.addPoint(Array.from(vectors.subarray(row * dim, (row + 1) * dim)), row);
      if ((row + 1) % 10_000 === 0) progress(row + 1);
    }
    return new HnswIndex(vectors, dim, graph, settings.ef);
  }

  /** Reads what `save` wrote for the same vectors. */
  static async load(file: string, vectors: Float32Array, dim: number, ef: number): Promise<HnswIndex> {
    checkVectors(vectors, dim);
    const graph = new hnswlib.HierarchicalNSW('ip', dim);
    await graph.readIndex(file);
    if (graph.getCurrentCount() !== vectors.length / dim)
      throw new Error(`the graph has ${graph.getCurrentCount()} nodes, the table ${vectors.length / dim} rows`);
    return new HnswIndex(vectors, dim, graph, ef);
  }

  async save(file: string): Promise<void> {
    await this.#graph.writeIndex(file);
  }

  search(
    query: Float32Array,
    k: number,
    outRows: Int32Array,
    outScores: Float32Array,
    excluded: Uint8Array | null,
  ): number {
    checkQuery(query, this.dim);
    const left = excluded === null ? this.count : this.count - countOnes(excluded);
    if (left <= Math.max(k, this.count * SCAN_SHARE)) return this.#exact.search(query, k, outRows, outScores, excluded);
    const asked = Math.min(this.count, Math.ceil((k * this.count) / left) + (excluded === null ? 0 : k));
    this.#graph.setEf(Math.max(this.#ef, asked));
    const { neighbors } = this.#graph.searchKnn(Array.from(query), asked);
    this.#top.reset(k);
    for (const row of neighbors)
      if (excluded === null || excluded[row] !== 1)
        this.#top.offer(row, innerProduct(this.#vectors, row * this.dim, query));
    return this.#top.drain(outRows, outScores);
  }
}

function countOnes(mask: Uint8Array): number {
  let ones = 0;
  for (let i = 0; i < mask.length; i++) ones += mask[i]!;
  return ones;
}
