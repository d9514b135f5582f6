import { FlatIndex } from './flat-index.ts';
import { HNSW_DEFAULTS, HnswIndex, type HnswSettings } from './hnsw-index.ts';
import type { IndexKind } from './vector-index.ts';

/** A graph's ef is tried from k up to this many times k, each this much above the one before. */
const EF_OVER_K_MAX = 6.4;
const EF_STEP = 1.25;

/** What one kind of index did on real user vectors. */
export interface IndexMeasurement {
  readonly kind: IndexKind;
  readonly recall: number;
  readonly medianUs: number;
  readonly buildS: number;
  /** How the graph was built and is searched; absent for flat. */
  readonly hnsw?: HnswSettings;
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
  /** Its ef is what is used when there are no queries to choose one by. */
  readonly hnsw?: HnswSettings;
  readonly progress?: (done: number) => void;
}

interface Candidate {
  readonly kind: IndexKind;
  readonly index: FlatIndex | HnswIndex;
  readonly buildS: number;
  recall: number;
  readonly us: number[];
}

/**
 * Builds the index that a release carries. `auto` times flat and hnsw on `queries` and keeps the fastest that reaches the
 * recall target. A graph gets the smallest ef that reaches it, or the largest that is tried.
 *
 * `vectors`: `[n, dim]` unit. `queries`: `[q, dim]` unit, of real users. Alternatives are timed interleaved.
 */
export function chooseIndex(
  vectors: Float32Array,
  dim: number,
  queries: Float32Array,
  options: ChooseOptions,
): IndexChoice {
  const settings = options.hnsw ?? HNSW_DEFAULTS;
  const trial = new Trial(new FlatIndex(vectors, dim), queries, options.k);
  const candidates = kindsToTry(options.kind).map((kind): Candidate => {
    const started = performance.now();
    const index =
      kind === 'flat' ? new FlatIndex(vectors, dim) : HnswIndex.build(vectors, dim, settings, options.progress);
    return { kind, index, buildS: (performance.now() - started) / 1000, recall: NaN, us: [] };
  });
  if (trial.count > 0)
    for (const candidate of candidates) {
      if (candidate.index instanceof HnswIndex) fitEf(candidate.index, trial, options);
      candidate.recall = trial.recallOf(candidate.index);
    }
  for (let q = 0; q < trial.count; q++) for (const { index, us } of candidates) us.push(trial.timeUs(index, q));

  const measured = candidates.map((candidate) => ({ ...candidate, medianUs: median(candidate.us) }));
  const good = measured.filter(({ recall }) => recall >= options.recallTarget);
  // Without queries nothing was measured: the exact scan is right by construction.
  const best = good.sort((a, b) => a.medianUs - b.medianUs)[0] ?? measured[0]!;
  return {
    kind: best.kind,
    index: best.index,
    measurements: measured.map(({ kind, index, recall, medianUs, buildS }) => ({
      kind,
      recall,
      medianUs,
      buildS,
      ...(index instanceof HnswIndex ? { hnsw: { ...settings, ef: index.ef } } : {}),
    })),
  };
}

/** Looks at more candidates per search until the recall target is reached. */
function fitEf(index: HnswIndex, trial: Trial, { k, recallTarget }: ChooseOptions): void {
  for (let ef = k; ef <= EF_OVER_K_MAX * k; ef *= EF_STEP) {
    index.ef = Math.ceil(ef);
    if (trial.recallOf(index) >= recallTarget) return;
  }
}

/** Queries with their exact answers, and buffers for the answers of others. */
class Trial {
  readonly count: number;
  readonly #dim: number;
  readonly #queries: Float32Array;
  readonly #k: number;
  readonly #expected: readonly Int32Array[];
  readonly #rows: Int32Array;
  readonly #scores: Float32Array;

  constructor(exact: FlatIndex, queries: Float32Array, k: number) {
    this.count = queries.length / exact.dim;
    this.#dim = exact.dim;
    this.#queries = queries;
    this.#k = k;
    this.#rows = new Int32Array(k);
    this.#scores = new Float32Array(k);
    this.#expected = Array.from({ length: this.count }, (_, q) => this.#answer(exact, q).slice());
  }

  /** Mean share of the exact answers that `index` finds. */
  recallOf(index: FlatIndex | HnswIndex): number {
    let sum = 0;
    for (let q = 0; q < this.count; q++) sum += overlap(this.#expected[q]!, this.#answer(index, q));
    return sum / this.count;
  }

  timeUs(index: FlatIndex | HnswIndex, q: number): number {
    const started = performance.now();
    this.#answer(index, q);
    return (performance.now() - started) * 1000;
  }

  #answer(index: FlatIndex | HnswIndex, q: number): Int32Array {
    const query = this.#queries.subarray(q * this.#dim, (q + 1) * this.#dim);
    return this.#rows.subarray(0, index.search(query, this.#k, this.#rows, this.#scores, null));
  }
}

function kindsToTry(kind: IndexKind | 'auto'): readonly IndexKind[] {
  return kind === 'auto' ? ['flat', 'hnsw'] : [kind];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** Share of `expected` that `found` has. */
function overlap(expected: Int32Array, found: Int32Array): number {
  if (expected.length === 0) return 1;
  const known = new Set(found);
  let hits = 0;
  for (const row of expected) if (known.has(row)) hits += 1;
  return hits / expected.length;
}
