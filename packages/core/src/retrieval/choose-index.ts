import { fitHnsw, fitScan } from './fit-index.ts';
import { FlatIndex } from './flat-index.ts';
import { HNSW_DEFAULTS, HnswIndex, type HnswSettings } from './hnsw-index.ts';
import { IndexTrial, quantile } from './index-trial.ts';
import { BLOCK } from './kernel/codes.ts';
import { kernelLayout } from './kernel/kernel.ts';
import { SCAN_DEFAULTS, ScanIndex, type ScanSettings } from './scan-index.ts';
import type { IndexKind } from './vector-index.ts';

/**
 * A graph of more rows than this is first tried on so many of them: building one of a million takes half an hour. A graph
 * only gets slower with more rows, so when it is the slower one already, the large one is not built.
 */
const GRAPH_TRIAL_ROWS = 20_000;
/** Below this a scan of all codes takes less time than a choice among lists. */
const LISTS_FROM_ROWS = 10_000;
/** From so many lists on, half as many are tried, too. */
const LISTS_TRIED_HALVED = 512;
/** Lists are fitted to a bit more than the target: other users than those measured should find as much. */
const TARGET_MARGIN = 0.15;
const SEED = 1;

/** What one kind of index did on real user vectors. */
export interface IndexMeasurement {
  readonly kind: IndexKind;
  readonly recall: number;
  /** By mask (index-trial.ts). */
  readonly filteredRecall: Readonly<Record<string, number>>;
  readonly medianUs: number;
  readonly p99Us: number;
  readonly buildS: number;
  /** Rows that it was measured on, if not all. */
  readonly rows?: number;
  /** How the graph was built and is searched; only for hnsw. */
  readonly hnsw?: HnswSettings;
  /** How the codes are searched; only for flat_int8 and ivf. */
  readonly scan?: ScanSettings & { readonly lists: number };
}

export type ChosenIndex = FlatIndex | HnswIndex | ScanIndex;

export interface IndexChoice {
  readonly kind: IndexKind;
  readonly index: ChosenIndex;
  /** Of flat_int8 and ivf: what a release ships. */
  readonly file: Uint8Array | null;
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
  readonly progress?: (line: string) => void;
}

interface Candidate {
  readonly kind: IndexKind;
  readonly index: ChosenIndex;
  readonly file: Uint8Array | null;
  readonly buildS: number;
}

/**
 * Builds the index that a release carries. `auto` times all kinds on `queries` and keeps the fastest that reaches the
 * recall target; a graph gets the smallest ef that does, lists the fewest probes. Without queries nothing can be measured:
 * `auto` then takes the exact scan, which is right by construction.
 *
 * `vectors`: `[n, dim]` unit. `queries`: `[q, dim]` unit, of real users. Alternatives are timed interleaved.
 */
export function chooseIndex(
  vectors: Float32Array,
  dim: number,
  queries: Float32Array,
  options: ChooseOptions,
): IndexChoice {
  const count = vectors.length / dim;
  const flat = timed('flat', () => new FlatIndex(vectors, dim));
  const codable = dim % BLOCK === 0 && dim <= kernelLayout().DIM_MAX;
  // The kernel's exact scores are the flat scan's to the bit, in a fifth of the time.
  const flatCodes = codable ? buildScan(vectors, dim, 1, options) : null;
  const exact = flatCodes?.index ?? flat.index;
  const trial = new IndexTrial(vectors, dim, queries, options.k, (...args) =>
    exact instanceof ScanIndex ? exact.searchExactly(...args) : exact.search(...args),
  );
  if (options.kind !== 'auto' || trial.count === 0) {
    const kind = options.kind === 'auto' ? 'flat' : options.kind;
    const candidates = kind === 'flat' ? [flat] : build(kind, vectors, dim, options, flatCodes);
    for (const { index } of candidates) fit(index, trial, options);
    const measurements = measured(candidates, trial, options);
    return chosen(pick(candidates, measurements, options), measurements);
  }
  const candidates = [flat];
  if (flatCodes) candidates.push(flatCodes);
  if (codable && count >= LISTS_FROM_ROWS) candidates.push(...build('ivf', vectors, dim, options, flatCodes));
  for (const candidate of candidates) fit(candidate.index, trial, options);
  const early = measured(candidates, trial, options);
  const graphOnSample = tryGraph(vectors, dim, queries, fastest(early, options.recallTarget), options);
  if (graphOnSample) return chosen(pick(candidates, early, options), [...early, graphOnSample]);
  const graphs = build('hnsw', vectors, dim, options, null);
  for (const { index } of graphs) fit(index, trial, options);
  candidates.push(...graphs);
  const all = measured(candidates, trial, options);
  return chosen(pick(candidates, all, options), all);
}

function build(
  kind: Exclude<IndexKind, 'flat'>,
  vectors: Float32Array,
  dim: number,
  options: ChooseOptions,
  flatCodes: Candidate | null,
): Candidate[] {
  switch (kind) {
    case 'flat_int8':
      return [flatCodes ?? buildScan(vectors, dim, 1, options)];
    case 'hnsw': {
      const progress = (done: number) => options.progress?.(`graph: ${done} rows`);
      return [timed('hnsw', () => HnswIndex.build(vectors, dim, options.hnsw ?? HNSW_DEFAULTS, progress))];
    }
    case 'ivf': {
      const lists = Math.max(2, ScanIndex.listsFor(vectors.length / dim));
      // More lists are finer, but their centres cost more: which is better depends on how the items lie.
      const numbers = lists >= LISTS_TRIED_HALVED ? [lists, lists / 2] : [lists];
      return numbers.map((number) => buildScan(vectors, dim, number, options));
    }
  }
}

function buildScan(vectors: Float32Array, dim: number, listCount: number, { progress }: ChooseOptions): Candidate {
  let file: Uint8Array | null = null;
  const candidate = timed(listCount === 1 ? 'flat_int8' : 'ivf', () => {
    file = ScanIndex.fileOf(vectors, dim, { listCount, seed: SEED, ...(progress ? { progress } : {}) });
    return ScanIndex.of(file, vectors, dim, { ...SCAN_DEFAULTS, probes: Math.min(SCAN_DEFAULTS.probes, listCount) });
  });
  return { ...candidate, file };
}

function timed(kind: IndexKind, make: () => ChosenIndex): Candidate {
  const started = performance.now();
  const index = make();
  return { kind, index, file: null, buildS: (performance.now() - started) / 1000 };
}

function fit(index: ChosenIndex, trial: IndexTrial, { recallTarget }: ChooseOptions): void {
  if (trial.count === 0) return;
  if (index instanceof HnswIndex) fitHnsw(index, trial, recallTarget);
  if (index instanceof ScanIndex) fitScan(index, trial, recallTarget + (1 - recallTarget) * TARGET_MARGIN);
}

/** What a graph of some of the rows does, when that says enough: it is already the slower one. Null: build the whole. */
function tryGraph(
  vectors: Float32Array,
  dim: number,
  queries: Float32Array,
  toBeat: IndexMeasurement | undefined,
  options: ChooseOptions,
): IndexMeasurement | null {
  if (toBeat === undefined || vectors.length / dim <= GRAPH_TRIAL_ROWS) return null;
  const step = Math.floor(vectors.length / dim / GRAPH_TRIAL_ROWS);
  const some = new Float32Array(GRAPH_TRIAL_ROWS * dim);
  for (let row = 0; row < GRAPH_TRIAL_ROWS; row++)
    some.set(vectors.subarray(row * step * dim, (row * step + 1) * dim), row * dim);
  const exact = new FlatIndex(some, dim);
  const trial = new IndexTrial(some, dim, queries, options.k, (...args) => exact.search(...args));
  const graphs = build('hnsw', some, dim, options, null);
  for (const { index } of graphs) fit(index, trial, options);
  const [measurement] = measured(graphs, trial, options);
  return measurement!.medianUs > toBeat.medianUs ? { ...measurement!, rows: GRAPH_TRIAL_ROWS } : null;
}

function measured(
  candidates: readonly Candidate[],
  trial: IndexTrial,
  options: ChooseOptions,
): readonly IndexMeasurement[] {
  const times = trial.timesOf(candidates.map(({ index }) => index));
  return candidates.map(({ kind, index, buildS }, i) => ({
    kind,
    recall: trial.recallOf(index),
    filteredRecall: trial.filteredRecallOf(index),
    medianUs: quantile(times[i]!, 0.5),
    p99Us: quantile(times[i]!, 0.99),
    buildS,
    ...(index instanceof HnswIndex ? { hnsw: { ...(options.hnsw ?? HNSW_DEFAULTS), ef: index.ef } } : {}),
    ...(index instanceof ScanIndex ? { scan: { lists: index.listCount, ...index.settings } } : {}),
  }));
}

function fastest(measurements: readonly IndexMeasurement[], recallTarget: number): IndexMeasurement | undefined {
  return measurements.filter(({ recall }) => recall >= recallTarget).sort((a, b) => a.medianUs - b.medianUs)[0];
}

/** The exact scan when none reaches the target. */
function pick(
  candidates: readonly Candidate[],
  measurements: readonly IndexMeasurement[],
  { recallTarget }: ChooseOptions,
): Candidate {
  const best = fastest(measurements, recallTarget);
  return candidates[best ? measurements.indexOf(best) : 0]!;
}

function chosen({ kind, index, file }: Candidate, measurements: readonly IndexMeasurement[]): IndexChoice {
  return { kind, index, file, measurements };
}
