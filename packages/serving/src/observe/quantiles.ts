/** A histogram as prom-client reports it: cumulative buckets, one series per combination of label values. */
export interface HistogramValues {
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Partial<Record<string, string | number>>>;
    readonly value: number;
  }[];
}

/** Milliseconds, of one series. */
export interface Quantiles {
  readonly name: string;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** p50, p95, p99 of every value of `label`, in the order they appeared; series that differ in other labels are summed. */
export function quantiles(histogram: HistogramValues, label: string): Quantiles[] {
  const series = new Map<string, Map<number, number>>();
  for (const { metricName, labels, value } of histogram.values) {
    if (metricName?.endsWith('_bucket') !== true) continue;
    const name = String(labels[label]);
    const upper = labels.le === '+Inf' ? Infinity : Number(labels.le);
    const counts = series.get(name) ?? new Map<number, number>();
    series.set(name, counts.set(upper, (counts.get(upper) ?? 0) + value));
  }
  return [...series].map(([name, counts]) => {
    const buckets = [...counts].map(([upper, cumulative]) => ({ upper, cumulative }));
    return {
      name,
      count: buckets.at(-1)?.cumulative ?? 0,
      p50: quantile(buckets, 0.5) * 1000,
      p95: quantile(buckets, 0.95) * 1000,
      p99: quantile(buckets, 0.99) * 1000,
    };
  });
}

/**
 * Linear within the bucket, as Prometheus' histogram_quantile does; so it is an estimate as fine as the buckets. Beyond
 * the last finite bound it answers that bound.
 */
export function quantile(buckets: readonly { upper: number; cumulative: number }[], share: number): number {
  const total = buckets.at(-1)?.cumulative ?? 0;
  if (total === 0) return 0;
  const wanted = share * total;
  let lower = 0;
  let below = 0;
  for (const { upper, cumulative } of buckets) {
    if (cumulative >= wanted && cumulative > below) {
      if (upper === Infinity) return lower;
      return lower + ((upper - lower) * (wanted - below)) / (cumulative - below);
    }
    below = cumulative;
    if (upper !== Infinity) lower = upper;
  }
  return lower;
}
