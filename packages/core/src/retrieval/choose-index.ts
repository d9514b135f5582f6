import { FlatIndex } from './flat-index.ts';
import { HNSW_DEFAULTS, HnswIndex, type HnswSettings } from './hnsw-index.ts';
import type { IndexKind } from './vector-index.ts';

/** What ef is multiplied with, in turn. */
const EF_FACTORS = [1, 1.5, 2, 3, 4];
/** Queries that ef is chosen on; the measurements use all. */
const EF_QUERIES = 50;

/** What one kind of index did on real user vectors. */
export interface IndexMeasurement {
  readonly kind: IndexKind;
  readonly recall: number;
  readonly medianUs: number;
  readonly buildS: number;
}

export interface IndexChoice {
  readonly kind: IndexKind;
  readonly index: FlatIndex | HnswIndex;
  readonly measurements: readonly IndexMeasurement[];
}

export interface ChooseOptions {
  /** `auto` measures all kinds; a kind measures only itself. */
  readonly kind: IndexKind | 'auto';
  readonly k: number;
  /** Least recall@k against the exact scan. */
  readonly recallTarget: number;
  readonly hnsw?: HnswSettings;
  readonly progress?: (done: number) => void;
}

/**
 * Builds the index that a release carries. `auto` times flat and hnsw on `queries` and keeps the fastest that reaches the
 * recall target. A graph's ef is raised until it does, or to four times what was asked.
 *
 * `vectors`: `[n, dim]` unit. `queries`: `[q, dim]` unit, of real users. Alternatives are timed interleaved.
 */
export function chooseIndex(
  vectors: Float32Array,
  dim: number,
  queries: Float32Array,
  options: ChooseOptions,
): IndexChoice {
  const candidates = kindsToTry(options.kind).map((kind) => {
    const started = performance.now();
    const index =
      kind === 'flat'
        ? new FlatIndex(vectors, dim)
        : HnswIndex.build(vectors, dim, options.hnsw ?? HNSW_DEFAULTS, options.progress);
    return { kind, index, buildS: (performance.now() - started) / 1000, recalls: [] as number[], us: [] as number[] };
  });
  const truth = new FlatIndex(vectors, dim);
  for (const { index } of candidates)
    if (index instanceof HnswIndex) raiseEf(index, truth, queries.subarray(0, EF_QUERIES * dim), options);
  const exact = answerBuffers(options.k);
  const found = answerBuffers(options.k);
  for (let q = 0; q < queries.length / dim; q++) {
    const query = queries.subarray(q * dim, (q + 1) * dim);
    const expected = truth.search(query, options.k, exact.rows, exact.scores, null);
    for (const candidate of candidates) {
      const started = performance.now();
      const count = candidate.index.search(query, options.k, found.rows, found.scores, null);
      candidate.us.push((performance.now() - started) * 1000);
      candidate.recalls.push(overlap(exact.rows.subarray(0, expected), found.rows.subarray(0, count)));
    }
  }
  const measured = candidates.map((candidate) => ({
    ...candidate,
    recall: candidate.recalls.reduce((sum, recall) => sum + recall, 0) / candidate.recalls.length,
    medianUs: candidate.us.sort((a, b) => a - b)[candidate.us.length >> 1] ?? NaN,
  }));
  const good = measured.filter((candidate) => candidate.recall >= options.recallTarget);
  // Without queries nothing was measured: the exact scan is right by construction.
  const best = good.sort((a, b) => a.medianUs - b.medianUs)[0] ?? measured[0]!;
  return {
    kind: best.kind,
    index: best.index,
    measurements: measured.map(({ kind, recall, medianUs, buildS }) => ({ kind, recall, medianUs, buildS })),
  };
}

/** Looks at more candidates per search until the recall target is reached on these queries. */
function raiseEf(index: HnswIndex, truth: FlatIndex, queries: Float32Array, options: ChooseOptions): void {
  const first = Math.max(index.ef, options.k);
  for (const factor of EF_FACTORS) {
    index.ef = Math.ceil(factor * first);
    if (meanRecall(index, truth, queries, options.k) >= options.recallTarget) return;
  }
}

/** 1 without queries. */
function meanRecall(index: HnswIndex, truth: FlatIndex, queries: Float32Array, k: number): number {
  const [exact, found] = [answerBuffers(k), answerBuffers(k)];
  const count = queries.length / index.dim;
  let sum = 0;
  for (let q = 0; q < count; q++) {
    const query = queries.subarray(q * index.dim, (q + 1) * index.dim);
    const expected = truth.search(query, k, exact.rows, exact.scores, null);
    const got = index.search(query, k, found.rows, found.scores, null);
    sum += overlap(exact.rows.subarray(0, expected), found.rows.subarray(0, got));
  }
  return count === 0 ? 1 : sum / count;
}

function kindsToTry(kind: IndexKind | 'auto'): readonly IndexKind[] {
  return kind === 'auto' ? ['flat', 'hnsw'] : [kind];
}

function answerBuffers(k: number) {
  return { rows: new Int32Array(k), scores: new Float32Array(k) };
}

/** Share of `expected` that `found` has. */
function overlap(expected: Int32Array, found: Int32Array): number {
  if (expected.length === 0) return 1;
  const known = new Set(found);
  let hits = 0;
  for (const row of expected) if (known.has(row)) hits += 1;
  return hits / expected.length;
}
