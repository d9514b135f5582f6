import type { Point } from './measurements.ts';

/** Noise can make a busier server look faster; planned is with the worst up to there. */
function rising(points: readonly Point[]): readonly { readonly utilisation: number; readonly p99Ms: number }[] {
  let worst = 0;
  return points.map(({ utilisation, p99Ms }) => ({ utilisation, p99Ms: (worst = Math.max(worst, p99Ms)) }));
}

/**
 * Highest utilisation at which p99 is within the budget, straight lines between what was measured and nothing beyond it.
 * Null when even the least measured load is too slow.
 */
export function utilisationFor(points: readonly Point[], budgetMs: number): number | null {
  const curve = rising(points);
  const above = curve.findIndex(({ p99Ms }) => p99Ms > budgetMs);
  if (above === 0 || curve.length === 0) return null;
  if (above < 0) return curve.at(-1)!.utilisation;
  const [from, to] = [curve[above - 1]!, curve[above]!];
  return from.utilisation + ((budgetMs - from.p99Ms) / (to.p99Ms - from.p99Ms)) * (to.utilisation - from.utilisation);
}

/** p99 at a utilisation between the measured ones; of the least one below it, of the highest one above it. */
export function p99At(points: readonly Point[], utilisation: number): number {
  const curve = rising(points);
  const above = curve.findIndex((point) => point.utilisation >= utilisation);
  if (above === 0) return curve[0]!.p99Ms;
  if (above < 0) return curve.at(-1)!.p99Ms;
  const [from, to] = [curve[above - 1]!, curve[above]!];
  const share = (utilisation - from.utilisation) / (to.utilisation - from.utilisation);
  return from.p99Ms + share * (to.p99Ms - from.p99Ms);
}
