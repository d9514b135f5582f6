import type { Comparison, Side } from '../report/result.ts';

/**
 * Two tools that measure one server at one rate differ by their own work: k6 runs JavaScript for every request, and clocks,
 * sockets and collectors differ. Below these the difference says nothing about the server.
 */
const TOLERANCE = { p50: { ms: 1, share: 0.2 }, p99: { ms: 3, share: 0.3 } } as const;

type Figure = 'p50' | 'p99';
const valueOf = (side: Side, figure: Figure): number => (figure === 'p50' ? side.p50Ms : side.p99Ms);

/** Middle one, or the mean of the middle two. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const rangeOf = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);

/**
 * Whether the other tool confirms k6: medians over the rounds differ by no more than the tolerance. Where they do, but the
 * rounds of one and the same tool differ as much, nothing can be said: `too noisy`.
 */
export function compare(
  rounds: readonly { readonly k6: Side; readonly other: Side }[],
  at: { readonly rate: number; readonly seconds: number },
): Comparison {
  const found = (['p50', 'p99'] as const).map((figure) => {
    const [ours, others] = [
      rounds.map(({ k6 }) => valueOf(k6, figure)),
      rounds.map(({ other }) => valueOf(other, figure)),
    ];
    const [k6, other] = [median(ours), median(others)];
    const { ms, share } = TOLERANCE[figure];
    const toleranceMs = Math.max(ms, share * Math.min(k6, other));
    const differenceMs = Math.abs(k6 - other);
    const spreadMs = Math.max(rangeOf(ours), rangeOf(others));
    return { figure, k6, other, differenceMs, toleranceMs, spreadMs };
  });
  const outside = found.filter(({ differenceMs, toleranceMs }) => differenceMs > toleranceMs);
  const isNoise = outside.length > 0 && outside.every(({ differenceMs, spreadMs }) => spreadMs >= differenceMs);
  const verdict = outside.length === 0 ? 'agree' : isNoise ? 'too noisy' : 'disagree';
  return { verdict, why: found.map(reasonOf).join(' '), ...at, rounds };
}

interface Found {
  readonly figure: Figure;
  readonly k6: number;
  readonly other: number;
  readonly differenceMs: number;
  readonly toleranceMs: number;
  readonly spreadMs: number;
}

function reasonOf({ figure, k6, other, differenceMs, toleranceMs, spreadMs }: Found): string {
  const { ms, share } = TOLERANCE[figure];
  const relation = differenceMs <= toleranceMs ? 'within' : 'more than';
  const spread = spreadMs > 0 ? `, rounds of one tool up to ${spreadMs.toFixed(2)} ms apart` : '';
  return `${figure}: k6 ${k6.toFixed(2)} ms, the other ${other.toFixed(2)} ms, ${differenceMs.toFixed(2)} ms apart: ${relation} ${toleranceMs.toFixed(2)} ms (${ms} ms or ${share * 100} %${spread}).`;
}
