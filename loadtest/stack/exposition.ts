/** The little of Prometheus's text format that the report needs. */

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function samplesOf(text: string, name: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match?.[1] !== name) continue;
    const labels = Object.fromEntries(
      [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [label!, value!]),
    );
    samples.push({ labels, value: Number(match[3]) });
  }
  return samples;
}

/** Sum over all labels; 0 for a metric that is not there. */
export const sumOf = (text: string, name: string): number =>
  samplesOf(text, name).reduce((sum, { value }) => sum + value, 0);

/** Sums by one label, of what came between two readings; only what came. */
export function cameBy(after: string, before: string, name: string, label: string): Record<string, number> {
  const came: Record<string, number> = {};
  for (const [text, sign] of [
    [after, 1],
    [before, -1],
  ] as const)
    for (const { labels, value } of samplesOf(text, name))
      came[labels[label] ?? ''] = (came[labels[label] ?? ''] ?? 0) + sign * value;
  return Object.fromEntries(Object.entries(came).filter(([, count]) => count > 0));
}

/** Cumulative counts by upper bound, of the series that have these labels. */
export function bucketsOf(
  text: string,
  histogram: string,
  labels: Readonly<Record<string, string>>,
): ReadonlyMap<number, number> {
  const buckets = new Map<number, number>();
  for (const { labels: found, value } of samplesOf(text, `${histogram}_bucket`)) {
    if (Object.entries(labels).some(([label, wanted]) => found[label] !== wanted)) continue;
    const bound = found.le === '+Inf' ? Infinity : Number(found.le);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return buckets;
}

/** Upper bound of the bucket that holds the quantile of what came between two readings; null when nothing came. */
export function quantileOf(
  after: ReadonlyMap<number, number>,
  before: ReadonlyMap<number, number>,
  share: number,
): number | null {
  const came = [...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const);
  came.sort(([a], [b]) => a - b);
  const total = came.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  return came.find(([, count]) => count >= share * total)![0];
}
