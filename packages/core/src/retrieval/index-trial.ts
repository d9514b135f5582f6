import { seededRandom } from '../statistics/seeded-random.ts';
import type { VectorIndex } from './vector-index.ts';

/** Queries that recall under masks is measured with: fewer, since the exact answers are the slow part. */
const FILTERED_QUERIES = 40;
/** Time that one kind may take for its timings. */
const TIMED_MS_MAX = 3000;
/** Half an hour of timings is no better than a few hundred. */
const TIMINGS_MAX = 1000;

/** What searches for the answers that others are compared with. */
export type ExactSearch = (
  query: Float32Array,
  k: number,
  rows: Int32Array,
  scores: Float32Array,
  excluded: Uint8Array | null,
) => number;

/** Queries of real users with their exact answers, without a mask and under some; and buffers for the answers of others. */
export class IndexTrial {
  readonly count: number;
  readonly k: number;
  readonly #dim: number;
  readonly #queries: Float32Array;
  readonly #exact: ExactSearch;
  readonly #expected: readonly Int32Array[];
  readonly #masks: Readonly<Record<string, Uint8Array>>;
  #expectedUnder: ReadonlyMap<string, readonly Int32Array[]> | null = null;
  readonly #rows: Int32Array;
  readonly #scores: Float32Array;

  /** `vectors` `[n, dim]`, `queries` `[q, dim]`, unit. */
  constructor(vectors: Float32Array, dim: number, queries: Float32Array, k: number, exact: ExactSearch) {
    this.count = queries.length / dim;
    this.k = k;
    this.#dim = dim;
    this.#queries = queries;
    this.#exact = exact;
    this.#rows = new Int32Array(k);
    this.#scores = new Float32Array(k);
    this.#expected = Array.from({ length: this.count }, (_, q) => this.#answer(exact, q, null).slice());
    this.#masks = trialMasks(vectors, dim);
  }

  /** Mean share of the exact answers that an index finds. */
  recallOf(index: VectorIndex): number {
    return this.#recall(searchOf(index), this.#expected, null);
  }

  /** The same under each of the masks, for some of the queries. */
  filteredRecallOf(index: VectorIndex): Record<string, number> {
    this.#expectedUnder ??= new Map(
      Object.entries(this.#masks).map(([name, mask]) => [
        name,
        Array.from({ length: Math.min(FILTERED_QUERIES, this.count) }, (_, q) =>
          this.#answer(this.#exact, q, mask).slice(),
        ),
      ]),
    );
    return Object.fromEntries(
      [...this.#expectedUnder].map(([name, expected]) => [
        name,
        this.#recall(searchOf(index), expected, this.#masks[name]!),
      ]),
    );
  }

  /**
   * Microseconds per query of every index, interleaved. Each goes through the queries once before: the compiler needs
   * that, and so do caches that a server has warm. A slow one gets fewer timings.
   */
  timesOf(indexes: readonly VectorIndex[]): Float64Array[] {
    const timings = indexes.map((): number[] => []);
    const spentMs = indexes.map(() => 0);
    for (let call = 0; this.count > 0 && call < TIMINGS_MAX; call++)
      indexes.forEach((index, i) => {
        if (spentMs[i]! > TIMED_MS_MAX) return;
        const started = performance.now();
        this.#answer(searchOf(index), call % this.count, null);
        const took = performance.now() - started;
        spentMs[i]! += took;
        if (call >= this.count || spentMs[i]! > TIMED_MS_MAX / 2) timings[i]!.push(took * 1000);
      });
    return timings.map((times) => Float64Array.from(times).sort());
  }

  #recall(search: ExactSearch, expected: readonly Int32Array[], mask: Uint8Array | null): number {
    let sum = 0;
    expected.forEach((rows, q) => (sum += overlap(rows, this.#answer(search, q, mask))));
    return expected.length === 0 ? NaN : sum / expected.length;
  }

  #answer(search: ExactSearch, q: number, mask: Uint8Array | null): Int32Array {
    const query = this.#queries.subarray(q * this.#dim, (q + 1) * this.#dim);
    return this.#rows.subarray(0, search(query, this.k, this.#rows, this.#scores, mask));
  }
}

/** At `share` of sorted values; NaN of none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

const searchOf =
  (index: VectorIndex): ExactSearch =>
  (...args) =>
    index.search(...args);

/** Masks that leave a share of the items: at random, and one side of all, as a category is to who likes another one. */
export function trialMasks(vectors: Float32Array, dim: number): Record<string, Uint8Array> {
  const count = vectors.length / dim;
  const random = seededRandom(23);
  const keep = (share: number) => Uint8Array.from({ length: count }, () => (random() < share ? 0 : 1));
  const side = Uint8Array.from({ length: count }, (_, row) => (vectors[row * dim]! > 0 ? 0 : 1));
  return { half: keep(0.5), tenth: keep(0.1), hundredth: keep(0.01), side };
}

/** Share of `expected` that `found` has. */
function overlap(expected: Int32Array, found: Int32Array): number {
  if (expected.length === 0) return 1;
  const known = new Set(found);
  let hits = 0;
  for (const row of expected) if (known.has(row)) hits += 1;
  return hits / expected.length;
}
