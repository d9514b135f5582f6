import type { AnalysisPlanSchema, MetricSpec } from '@shortlist/core/contracts/experiment.ts';
import { meanEstimate, ratioEstimate, type Arm, type ArmEstimate } from '@shortlist/core/statistics/arm-estimate.ts';
import { confidenceSequence } from '@shortlist/core/statistics/confidence-sequence.ts';
import { cuped, cupedRelativeEffect } from '@shortlist/core/statistics/cuped.ts';
import {
  absoluteEffect,
  notComputable,
  relativeEffect,
  type Effect,
  type NotComputable,
} from '@shortlist/core/statistics/effect.ts';
import { guardrail } from '@shortlist/core/statistics/guardrail.ts';
import { nonInferiority, type NonInferiority } from '@shortlist/core/statistics/non-inferiority.ts';
import { welch, type Inference } from '@shortlist/core/statistics/welch.ts';
import type { Static } from 'typebox';

export type AnalysisPlan = Static<typeof AnalysisPlanSchema>;

/** What a metric is compared by. */
export interface ComparedMetric {
  readonly spec: MetricSpec;
  readonly hasCovariate: boolean;
  /** Null: a success metric. */
  readonly margin: number | null;
}

export interface ArmComparison {
  readonly absolute: Effect | NotComputable;
  readonly relative: Effect | NotComputable;
  /** Of the absolute effect, at one look. */
  readonly absoluteInference: Inference | NotComputable;
  /** Of the relative effect, at one look. */
  readonly fixed: Inference | NotComputable;
  /** Of the relative effect, at all looks together. */
  readonly always: Inference | NotComputable;
  /** Null: a success metric. */
  readonly nonInferiority: NonInferiority | NotComputable | null;
  /** Why the relative numbers are not what they are elsewhere. */
  readonly note: string | null;
}

export interface ComparedArms {
  /** As they are, in the order of the arms. */
  readonly raw: readonly ArmEstimate[];
  /** What is compared: CUPED's, where there is a covariate. */
  readonly used: readonly ArmEstimate[];
  /** Share of the variance that CUPED took away; null without it. */
  readonly varianceReduction: number | null;
  /** One per arm but the first. */
  readonly comparisons: readonly ArmComparison[];
}

/** Fewest events in two arms together, below which the share of a rare one is far from normal (exceedance-guard.ts). */
const RARE_EVENTS_MIN = 30;
/** Users in both arms at which the confidence sequence is tightest, by the plan's floor: fixed beforehand. */
const tunedFor = ({ unitsMin }: AnalysisPlan): number => 2 * unitsMin;

/** Compares every arm with the first. `arms`: as `stratify` gives them. */
export function compareArms(arms: readonly Arm[], metric: ComparedMetric, plan: AnalysisPlan): ComparedArms {
  const isRatio = metric.spec.denominator !== undefined;
  const raw = arms.map((arm) => (isRatio ? ratioEstimate(arm) : meanEstimate(arm)));
  const fit = metric.hasCovariate ? cuped(arms, { kind: 'mean', variable: 0, covariate: 1 }) : null;
  const adjusted = fit !== null && Number.isFinite(fit.theta) && fit.theta !== 0 ? fit : null;
  const used: readonly ArmEstimate[] = adjusted?.arms ?? raw;
  const comparisons = used.slice(1).map((treatment, i) => {
    const rare = rareEvents(arms, i + 1, metric);
    const relative = adjusted === null ? relativeEffect(used[0]!, treatment) : cupedRelativeEffect(adjusted, 0, i + 1);
    return compare({ control: used[0]!, treatment, relative, rare }, metric, plan);
  });
  return { raw, used, varianceReduction: adjusted === null ? null : 1 - adjusted.varianceKept, comparisons };
}

/** How often something undesirable (an error, a slow slate) happened in control and in an arm; null: no such metric. */
function rareEvents(arms: readonly Arm[], arm: number, { spec }: ComparedMetric): readonly [number, number] | null {
  if (spec.better !== 'lower' || spec.denominator === undefined) return null;
  const events = (one: Arm) => one.reduce((sum, { moments }) => sum + moments.sums[0]!, 0);
  return [events(arms[0]!), events(arms[arm]!)];
}

interface Pair {
  readonly control: ArmEstimate;
  readonly treatment: ArmEstimate;
  readonly relative: Effect | NotComputable;
  readonly rare: readonly [number, number] | null;
}

function compare(
  { control, treatment, relative, rare }: Pair,
  metric: ComparedMetric,
  plan: AnalysisPlan,
): ArmComparison {
  const { alpha } = plan;
  const absolute = absoluteEffect(control, treatment);
  if (rare !== null && rare[0] === 0)
    return compareWithNone({ control, treatment, absolute, events: rare[1] }, metric, plan);
  const isCertain = control.squaredError === 0 && treatment.squaredError === 0 && control.value > 0;
  if (isCertain && Math.min(control.users, treatment.users) >= plan.unitsMin)
    return compareConstants({ control, treatment, absolute }, metric);
  const options = { alpha, better: metric.spec.better, margin: metric.margin ?? 0, tunedForUsers: tunedFor(plan) };
  const guarded = guardrail(control, treatment, options);
  const isRare = rare !== null && guarded.status !== 'ok' && guarded.reason === 'too_few_events';
  const isEnough = isRare && rare[0] + rare[1] >= RARE_EVENTS_MIN;
  return {
    absolute,
    relative,
    absoluteInference: welch(absolute, { alpha }),
    fixed: welch(relative, { alpha }),
    always: isEnough ? sequenceOf(relativeToTreatment(absolute, treatment), plan) : guarded,
    nonInferiority: nonInferiorityOf(relative, metric, plan),
    note: isEnough ? 'control has few: the always-valid interval is relative to the treatment' : null,
  };
}

/** (T - C) / T: nearer to zero than (T - C) / C where T is the larger, and known where C is next to nothing. */
const relativeToTreatment = (absolute: Effect | NotComputable, treatment: ArmEstimate): Effect | NotComputable =>
  absolute.status !== 'ok' || !(treatment.value > 0)
    ? absolute
    : {
        ...absolute,
        scale: 'relative',
        value: absolute.value / treatment.value,
        standardError: absolute.standardError / treatment.value,
      };

const sequenceOf = (effect: Effect | NotComputable, plan: AnalysisPlan) =>
  confidenceSequence(effect, { alpha: plan.alpha, tunedForUsers: tunedFor(plan) });

const nonInferiorityOf = (effect: Effect | NotComputable, { spec, margin }: ComparedMetric, { alpha }: AnalysisPlan) =>
  margin === null ? null : nonInferiority(effect, { margin, better: spec.better, alpha });

/** Lifts below this are rounding. */
const LIFT_MIN = 1e-9;

/** Everybody has the same in each arm (ten items to a slate): no variance, and no doubt about the difference either. */
function compareConstants(
  { control, treatment, absolute }: Pick<AgainstNone, 'control' | 'treatment' | 'absolute'>,
  { spec, margin }: ComparedMetric,
): ArmComparison {
  const exact = treatment.value / control.value - 1;
  const value = Math.abs(exact) < LIFT_MIN ? 0 : exact;
  const known: Inference = { status: 'ok', low: value, high: value, pValue: value === 0 ? 1 : 0 };
  const nonInferior = (spec.better === 'higher' ? -value : value) <= (margin ?? 0);
  const users = { users: control.users + treatment.users, usersSmallest: Math.min(control.users, treatment.users) };
  return {
    absolute,
    relative: { status: 'ok', scale: 'relative', value, standardError: 0, freedom: 1, ...users },
    absoluteInference: absolute.status === 'ok' ? notComputable('zero_variance') : absolute,
    ...{ fixed: known, always: known },
    nonInferiority:
      margin === null
        ? null
        : {
            status: 'ok',
            z: nonInferior ? Infinity : -Infinity,
            pValue: nonInferior ? 0 : 1,
            worst: value,
            nonInferior,
          },
    note: 'the same for every unit of an arm: no variance',
  };
}

interface AgainstNone {
  readonly control: ArmEstimate;
  readonly treatment: ArmEstimate;
  readonly absolute: Effect | NotComputable;
  readonly events: number;
}

const NOTHING: Inference = { status: 'ok', low: 0, high: 0, pValue: 1 };

/**
 * Control has no errors (slow slates, leaks) at all: no lift is relative to that. Neither has the treatment: they are
 * equal. It has: the lift is given relative to the treatment's own rate, so that it is 1 (+100 %) and its interval tells
 * from when on that is no chance. A guard that waited for control's first error would let every error of a treatment by.
 */
function compareWithNone(
  { control, treatment, absolute, events }: AgainstNone,
  metric: ComparedMetric,
  plan: AnalysisPlan,
): ArmComparison {
  const absoluteInference = welch(absolute, { alpha: plan.alpha });
  const isNone = events === 0 && Math.min(control.users, treatment.users) >= plan.unitsMin;
  if (isNone && control.value === 0 && treatment.value === 0) {
    const users = { users: control.users + treatment.users, usersSmallest: Math.min(control.users, treatment.users) };
    const relative: Effect = { status: 'ok', scale: 'relative', value: 0, standardError: 0, freedom: 1, ...users };
    const holds: NonInferiority = { status: 'ok', z: Infinity, pValue: 0, worst: 0, nonInferior: true };
    return {
      ...{ absolute, relative, absoluteInference, fixed: NOTHING, always: NOTHING },
      nonInferiority: metric.margin === null ? null : holds,
      note: 'nobody in either arm had any',
    };
  }
  const relative =
    events < RARE_EVENTS_MIN ? notComputable('too_few_events') : relativeToTreatment(absolute, treatment);
  return {
    absolute,
    relative,
    absoluteInference,
    fixed: welch(relative, { alpha: plan.alpha }),
    always: sequenceOf(relative, plan),
    nonInferiority: nonInferiorityOf(relative, metric, plan),
    note: 'nobody in control had any: relative to the treatment',
  };
}
