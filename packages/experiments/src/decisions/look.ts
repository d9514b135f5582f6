import { normalTwoSided } from '@shortlist/core/statistics/distributions.ts';
import { lanDeMetsBounds } from '@shortlist/core/statistics/lan-demets.ts';
import type { Comparison, Evidence, MetricEvidence } from './evidence.ts';

/** A planned look that was made: it is made once, so that looking again and again does not find what is not there. */
export interface TakenLook {
  /** From 1; the last one of the plan is the number of looks. */
  readonly index: number;
  /** Units of the smallest arm over those required, in (0, 1]. */
  readonly fraction: number;
  /** Nominal two-sided level of a single comparison at this look. */
  readonly level: number;
  /** What the look found; it holds for the rest of the phase. */
  readonly superior: readonly Finding[];
  readonly inferior: readonly Finding[];
  readonly nonInferior: readonly Finding[];
}

export interface Finding {
  readonly metric: string;
  readonly variant: string;
}

interface LookOptions {
  readonly index: number;
  readonly fraction: number;
  readonly earlier: readonly TakenLook[];
  readonly alpha: number;
}

/** Who tests what: every success metric in every treatment, one family. */
interface Hypothesis extends Finding {
  readonly p: number | null;
  readonly isBetter: boolean;
}

/**
 * Makes a look: success metrics by Holm over all metrics and treatments at the level that Lan-DeMets O'Brien-Fleming
 * spending leaves for this moment; what an earlier look found stays found and its share of alpha goes to the others.
 * Guardrails one by one, unadjusted: each of them must hold anyway. A p-value that is missing is never small, and its
 * comparison stays a member of the family.
 * Source: Maurer & Bretz 2013, "Multiple testing in group sequential trials using graphical approaches" (equal weights).
 */
export function makeLook(evidence: Evidence, { index, fraction, earlier, alpha }: LookOptions): TakenLook {
  const fractions = [...earlier.map((look) => look.fraction), fraction];
  const levelAt = (share: number): number => normalTwoSided(lanDeMetsBounds(fractions, { alpha: share }).at(-1)!);
  const settled = earlier.flatMap(({ superior, inferior }) => [...superior, ...inferior]);
  const open = hypotheses(evidence).filter((one) => !settled.some((other) => isSame(one, other)));
  const sorted = open.sort((a, b) => (a.p ?? Infinity) - (b.p ?? Infinity));
  const rejected: Hypothesis[] = [];
  for (const [rank, one] of sorted.entries()) {
    if (!isNumber(one.p) || one.p > levelAt(alpha / (sorted.length - rank))) break;
    rejected.push(one);
  }
  const level = levelAt(alpha);
  return {
    index,
    fraction,
    level,
    superior: rejected.filter(({ isBetter }) => isBetter).map(findingOf),
    inferior: rejected.filter(({ isBetter }) => !isBetter).map(findingOf),
    nonInferior: guardrails(evidence)
      .filter(({ comparison: { nonInferiorityP: p } }) => isNumber(p) && p <= level)
      .map(({ metric, comparison }) => ({ metric: metric.metric, variant: comparison.variant })),
  };
}

/** Comparisons of a role, with their metric. */
export const comparisonsOf = (
  { metrics }: Evidence,
  role: MetricEvidence['role'],
): { readonly metric: MetricEvidence; readonly comparison: Comparison }[] =>
  metrics
    .filter((metric) => metric.role === role)
    .flatMap((metric) => metric.comparisons.map((comparison) => ({ metric, comparison })));

export const guardrails = (evidence: Evidence) => comparisonsOf(evidence, 'guardrail');

export const isNumber = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

export const isSame = (a: Finding, b: Finding): boolean => a.metric === b.metric && a.variant === b.variant;

function hypotheses(evidence: Evidence): Hypothesis[] {
  return comparisonsOf(evidence, 'success').map(({ metric, comparison: { variant, lift, pValue } }) => ({
    metric: metric.metric,
    variant,
    // Without a direction a small p-value says nothing.
    p: isNumber(lift) && lift !== 0 ? pValue : null,
    isBetter: isNumber(lift) && lift > 0 === (metric.better === 'higher'),
  }));
}

const findingOf = ({ metric, variant }: Finding): Finding => ({ metric, variant });
