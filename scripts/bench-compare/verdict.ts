import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';

/** Figures of which more is better, by unit; of all others less is. */
const MORE_IS_BETTER = new Set(['requests/s', 'events/s', 'share']);
const RESAMPLES = 4_000;
const CONFIDENCE = 0.99;

type Verdict = 'worse' | 'better' | 'same' | 'unclear';

export interface Comparison {
  /** Median of B over median of A. */
  readonly ratio: number;
  /** 99 % bootstrap interval of it. */
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

/**
 * Compares one figure of two revisions, measured in rounds that took turns. The rounds are drawn together (what slowed the
 * machine in a round slowed both), so the interval is that of the ratio of medians under the noise that there was.
 *
 * `worse` and `better`: the interval lies beyond 1 by more than `tolerance`'s half and the ratio by more than `tolerance`;
 * `same`: the interval lies within 1 +- tolerance; `unclear`: neither, so more rounds are needed to tell.
 * Source: Efron & Tibshirani 1993, chapter 13 (percentile bootstrap); pairs as in Kalibera & Jones 2013.
 */
export function compareRounds(
  a: readonly number[],
  b: readonly number[],
  { unit, tolerance = 0.02, seed = 1 }: { readonly unit: string; readonly tolerance?: number; readonly seed?: number },
): Comparison {
  if (a.length !== b.length || a.length === 0) throw new Error(`${a.length} rounds of A and ${b.length} of B`);
  const random = seededRandom(seed);
  const ratios = new Float64Array(RESAMPLES);
  for (let r = 0; r < RESAMPLES; r++) {
    const rounds = a.map(() => Math.floor(random() * a.length));
    ratios[r] = median(rounds.map((i) => b[i]!)) / median(rounds.map((i) => a[i]!));
  }
  ratios.sort();
  const tail = (1 - CONFIDENCE) / 2;
  const [low, high] = [ratios[Math.floor(tail * RESAMPLES)]!, ratios[Math.ceil((1 - tail) * RESAMPLES) - 1]!];
  const ratio = median(b) / median(a);
  return { ratio, low, high, verdict: verdictOf({ ratio, low, high }, tolerance, MORE_IS_BETTER.has(unit)) };
}

function verdictOf(
  { ratio, low, high }: Omit<Comparison, 'verdict'>,
  tolerance: number,
  isMoreBetter: boolean,
): Verdict {
  const half = tolerance / 2;
  if (low > 1 + half && ratio > 1 + tolerance) return isMoreBetter ? 'better' : 'worse';
  if (high < 1 - half && ratio < 1 - tolerance) return isMoreBetter ? 'worse' : 'better';
  return low >= 1 - tolerance && high <= 1 + tolerance ? 'same' : 'unclear';
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
