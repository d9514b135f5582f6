import { normalTwoSided } from '@shortlist/core/statistics/distributions.ts';
import { lanDeMetsBounds } from '@shortlist/core/statistics/lan-demets.ts';
import type { Comparison, Evidence, MetricEvidence } from './evidence.ts';

/** A planned look that was made: it is made once, so that looking again and again does not find what is not there. */
export interface TakenLook {
  /** From 1; the last one of the plan is the number of looks. */
  readonly index: number;
  /** Units of the smallest arm over those required, in (0, 1]: the clock by which alpha is spent. */
  readonly fraction: number;
  /** Nominal two-sided level of the first success metric that was tested, as if it were the only one. */
  readonly level: number;
  /** What was tested, and how much was in: the variance of the difference of totals. */
  readonly tested: readonly (Finding & { readonly information: number })[];
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
  /** Nominal level at this look of a test that has this share of alpha; 0 where nothing new is in. */
  readonly levelAt: (alpha: number) => number;
}

/**
 * Makes a look: success metrics by Holm over all metrics and treatments at the level that Lan-DeMets O'Brien-Fleming
 * spending leaves for this moment; what an earlier look found stays found and its share of alpha goes to the others.
 * Guardrails one by one, unadjusted: each of them must hold anyway. A p-value that is missing is never small, and its
 * comparison stays a member of the family.
 *
 * Alpha is spent by planned units, which are known beforehand. How the looks hang together follows from each comparison's
 * own information, since who came yesterday has not finished buying: counting units there would err in up to 8.6 % instead
 * of 5 % (docs/experiments/statistics.md). A comparison whose information did not rise is not tested. Null: that is none
 * of them, so there is nothing to look at.
 *
 * Source: Maurer & Bretz 2013, "Multiple testing in group sequential trials using graphical approaches" (equal weights).
 */
export function makeLook(evidence: Evidence, options: LookOptions): TakenLook | null {
  const { index, fraction, earlier, alpha } = options;
  const family = comparisonsOf(evidence, 'success').map((one) => hypothesisOf(one, options));
  const first = family.find(({ levelAt }) => levelAt(alpha) > 0);
  if (first === undefined) return null;
  const settled = earlier.flatMap(({ superior, inferior }) => [...superior, ...inferior]);
  const rejected = rejectedOf(
    family.filter((one) => !settled.some((other) => isSame(one, other))),
    alpha,
  );
  const tested = [...comparisonsOf(evidence, 'success'), ...guardrails(evidence)].flatMap((one) => {
    const { information } = one.comparison;
    return isRisen(one, earlier) ? [{ ...findingOf(nameOf(one)), information: information! }] : [];
  });
  return {
    index,
    fraction,
    level: first.levelAt(alpha),
    tested,
    superior: rejected.filter(({ isBetter }) => isBetter).map(findingOf),
    inferior: rejected.filter(({ isBetter }) => !isBetter).map(findingOf),
    nonInferior: guardrails(evidence)
      .filter((one) => {
        const p = one.comparison.nonInferiorityP;
        return isNumber(p) && p <= levelOf(one, options)(alpha);
      })
      .map((one) => findingOf(nameOf(one))),
  };
}

/** Holm with levels of their own: whoever is below the share of those that are left is out, and leaves its share to them. */
function rejectedOf(family: readonly Hypothesis[], alpha: number): Hypothesis[] {
  const rejected: Hypothesis[] = [];
  const open = [...family];
  for (;;) {
    const share = alpha / open.length;
    const next = open.findIndex(({ p, levelAt }) => isNumber(p) && p <= levelAt(share));
    if (next < 0) return rejected;
    rejected.push(...open.splice(next, 1));
  }
}

/** Did anything come in since the look at which it was tested last? */
function isRisen(one: NamedComparison, earlier: readonly TakenLook[]): boolean {
  const { information } = one.comparison;
  return isNumber(information) && information > (testsOf(one, earlier).at(-1)?.information ?? 0);
}

const testsOf = (one: NamedComparison, earlier: readonly TakenLook[]) =>
  earlier.flatMap(({ fraction, tested }) =>
    tested.filter((other) => isSame(other, nameOf(one))).map(({ information }) => ({ fraction, information })),
  );

function levelOf(one: NamedComparison, { fraction, earlier }: LookOptions): (alpha: number) => number {
  if (!isRisen(one, earlier)) return () => 0;
  const information = one.comparison.information!;
  const tests = testsOf(one, earlier);
  // Its scale does not matter: this look's is 1.
  const fractions = [...tests.map((test) => test.information / information), 1];
  const times = [...tests.map((test) => test.fraction), fraction];
  // Bounds of many looks take a while, and most are asked for twice.
  const levels = new Map<number, number>();
  return (alpha) => {
    const level = levels.get(alpha) ?? normalTwoSided(lanDeMetsBounds(fractions, { alpha, times }).at(-1)!);
    levels.set(alpha, level);
    return level;
  };
}

interface NamedComparison {
  readonly metric: MetricEvidence;
  readonly comparison: Comparison;
}

const nameOf = ({ metric, comparison }: NamedComparison): Finding => ({
  metric: metric.metric,
  variant: comparison.variant,
});

/** Comparisons of a role, with their metric. */
export const comparisonsOf = ({ metrics }: Evidence, role: MetricEvidence['role']): NamedComparison[] =>
  metrics
    .filter((metric) => metric.role === role)
    .flatMap((metric) => metric.comparisons.map((comparison) => ({ metric, comparison })));

export const guardrails = (evidence: Evidence) => comparisonsOf(evidence, 'guardrail');

export const isNumber = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

export const isSame = (a: Finding, b: Finding): boolean => a.metric === b.metric && a.variant === b.variant;

function hypothesisOf(one: NamedComparison, options: LookOptions): Hypothesis {
  const { lift, pValue } = one.comparison;
  return {
    ...nameOf(one),
    // Without a direction a small p-value says nothing.
    p: isNumber(lift) && lift !== 0 ? pValue : null,
    isBetter: isNumber(lift) && lift > 0 === (one.metric.better === 'higher'),
    levelAt: levelOf(one, options),
  };
}

const findingOf = ({ metric, variant }: Finding): Finding => ({ metric, variant });
