import hnswlib from 'hnswlib-node';
import { checkQuery, checkVectors } from './check-vectors.ts';
import { FlatIndex, innerProduct } from './flat-index.ts';
import { estimateShareLeft } from './mask.ts';
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

/**
 * Users do not lie where items do, and a graph of 16 links loses them: on the trained vectors of a generated shop of 200,000
 * items recall@500 at ef 500, 800, 2000 was .805, .842, .928 with M 16 and efConstruction 200, and .979, .994, .999 with
 * these, at the same time per search (`make bench SUITE=retrieval ARGS='--fold DIR --indexes hnsw16x200,hnsw32x400'`).
 */
export const HNSW_DEFAULTS: HnswSettings = { m: 32, efConstruction: 400, ef: 800 };

/** Rows that are scanned in the time that the graph gives one neighbour; measured 30 (`bench/retrieval-index.ts`). */
const SCANNED_PER_NEIGHBOR = 20;
/** Rows of a loaded graph that are compared with the table. */
const SAMPLED_ROWS = 64;
/** What survives the mask near the query is not quite the share that survives overall. */
const FILTER_MARGIN = 1.2;
/** Asked for beyond k when there is a filter, which most often bars a few items of the user's own. */
const FILTER_SLACK = 64;

/**
 * Approximate nearest neighbours by a navigable small-world graph (hnswlib). Built by the release job, never in a pod.
 * Scores are recomputed from the table, so that they equal the flat index's to the bit. A filter is met by asking for
 * more than k; where it leaves little, or bars what is near, the survivors are scanned exactly.
 * Source: Malkov & Yashunin 2016, arXiv:1603.09320.
 */
export class HnswIndex implements VectorIndex {
  readonly kind = 'hnsw';
  readonly count: number;
  readonly dim: number;
  /** Candidates that a search looks at, k at least: more find more and take longer. A release records it. */
  ef: number;
  readonly #vectors: Float32Array;
  readonly #graph: hnswlib.HierarchicalNSW;
  readonly #exact: FlatIndex;
  readonly #top = new TopK(1000);
  /** hnswlib-node takes plain arrays only. */
  readonly #query: number[];

  private constructor(vectors: Float32Array, dim: number, graph: hnswlib.HierarchicalNSW, ef: number) {
    this.#vectors = vectors;
    this.dim = dim;
    this.count = graph.getCurrentCount();
    this.#graph = graph;
    this.ef = ef;
    this.#exact = new FlatIndex(vectors, dim, this.count);
    this.#query = new Array<number>(dim).fill(0);
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

  /**
   * Reads what `save` wrote for the first `count` vectors (default: all); throws when the file is damaged or of other
   * vectors, which a sample of rows gives away.
   */
  static async load(
    file: string,
    vectors: Float32Array,
    dim: number,
    ef: number,
    count = vectors.length / dim,
  ): Promise<HnswIndex> {
    checkVectors(vectors, dim, count);
    const graph = new hnswlib.HierarchicalNSW('ip', dim);
    await graph.readIndex(file);
    if (graph.getCurrentCount() !== count)
      throw new Error(`the graph has ${graph.getCurrentCount()} nodes, the table ${count} rows`);
    checkSameVectors(graph, vectors, dim, count);
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
    for (let i = 0; i < this.dim; i++) this.#query[i] = query[i]!;
    // Only the cost hangs on the estimate: when the walk finds too few, the exact scan decides.
    const share = excluded === null ? 1 : estimateShareLeft(excluded, this.count);
    const asked = excluded === null ? k : Math.ceil((k * FILTER_MARGIN) / share) + FILTER_SLACK;
    const scans = excluded !== null && asked * SCANNED_PER_NEIGHBOR > share * this.count;
    if (scans || (this.#walk(query, k, asked, excluded) < k && excluded !== null))
      return this.#exact.search(query, k, outRows, outScores, excluded);
    return this.#top.drain(outRows, outScores);
  }

  /** Fills the heap from the nearest `asked` of the graph; returns how many are not excluded, at most `k`. */
  #walk(query: Float32Array, k: number, asked: number, excluded: Uint8Array | null): number {
    this.#graph.setEf(Math.max(this.ef, asked));
    const { neighbors } = this.#graph.searchKnn(this.#query, Math.min(asked, this.count));
    this.#top.reset(k);
    let kept = 0;
    for (const row of neighbors) {
      if (excluded !== null && excluded[row] === 1) continue;
      this.#top.offer(row, innerProduct(this.#vectors, row * this.dim, query));
      kept += 1;
    }
    return Math.min(kept, k);
  }
}

/** hnswlib does not keep the dimension in its file, and would read a graph of another one without complaint. */
function checkSameVectors(graph: hnswlib.HierarchicalNSW, vectors: Float32Array, dim: number, count: number): void {
  const step = Math.max(1, Math.floor(count / SAMPLED_ROWS));
  for (let row = 0; row < count; row += step) {
    const point = graph.getPoint(row);
    for (let i = 0; i < dim; i++)
      if (point[i] !== vectors[row * dim + i]) throw new Error(`the graph is of other vectors: row ${row} differs`);
  }
}
