/** Metrics of a ranked list against the set of relevant items, at each cut-off. */
export const METRICS = ['recall', 'precision', 'hit_rate', 'ndcg'] as const;
export type Metric = (typeof METRICS)[number];

/** List lengths at which every metric is reported. */
export const CUTOFFS = [5, 10, 20] as const;

/** Values per list: all metrics at the first cut-off, then at the next. Index `cutoff * METRICS.length + metric`. */
export const METRIC_COUNT = METRICS.length * CUTOFFS.length;

const LONGEST = Math.max(...CUTOFFS);
/** `DISCOUNT[i]` = 1 / log2(i + 2), the gain of a hit at 0-based position i. */
const DISCOUNT = Float64Array.from({ length: LONGEST }, (_, i) => 1 / Math.log2(i + 2));
/** `IDEAL[n]`: discounted gain of n hits at the top. */
const IDEAL = new Float64Array(LONGEST + 1);
for (let i = 0; i < LONGEST; i++) IDEAL[i + 1] = IDEAL[i]! + DISCOUNT[i]!;

/**
 * Scores one ranked list; writes METRIC_COUNT values at `offset`.
 *
 * recall = hits / |truth| (all relevant items, also when there are more than K); precision = hits / K, short lists
 * included; hit_rate = any hit; ndcg is binary with log2 discount, ideal over min(K, |truth|).
 *
 * `ranked`: item rows, best first, distinct. `truth`: relevant rows, at least one.
 * Source: Järvelin & Kekäläinen 2002; definitions in the data protocols.
 */
export function scoreList(
  ranked: ArrayLike<number>,
  truth: ReadonlySet<number>,
  out: Float64Array,
  offset: number,
): void {
  let hits = 0;
  let gain = 0;
  let position = 0;
  for (let c = 0; c < CUTOFFS.length; c++) {
    const k = CUTOFFS[c]!;
    for (; position < k && position < ranked.length; position++)
      if (truth.has(ranked[position]!)) {
        hits += 1;
        gain += DISCOUNT[position]!;
      }
    const at = offset + c * METRICS.length;
    out[at] = hits / truth.size;
    out[at + 1] = hits / k;
    out[at + 2] = hits > 0 ? 1 : 0;
    out[at + 3] = gain / IDEAL[Math.min(k, truth.size)]!;
  }
}
