import { stratify } from '@shortlist/core/statistics/stratify.ts';
import { holm } from '@shortlist/core/statistics/multiple-testing.ts';
import { emptyMoments, type Moments } from '@shortlist/core/statistics/moments.ts';
import { assessPower, baselineOf, type PowerAssessment } from '@shortlist/core/statistics/power.ts';
import { sampleRatio, sequentialSampleRatio } from '@shortlist/core/statistics/sample-ratio.ts';
import type { Preference } from '@shortlist/core/statistics/interleaving.ts';
import { notComputable, type NotComputable } from '@shortlist/core/statistics/effect.ts';
import { totalVariance } from '@shortlist/core/statistics/information.ts';
import type { Arm, ArmEstimate } from '@shortlist/core/statistics/arm-estimate.ts';
import type { AnalysisSubject } from '../decisions/evidence.ts';
import { compareArms, type ComparedArms, type ComparedMetric } from './compare.ts';
import type { Arrivals, SlatesOfArm } from './diagnostics.ts';
import type { Cell, MetricRead, MomentsOfUnits } from './moments.ts';
import type {
  ExperimentResults,
  LeftOut,
  MetricComparison,
  MetricResults,
  SequentialSampleRatio,
  Stratum,
} from './results.ts';

const DAY_S = 86_400;

/** A metric of the subject, in the order of the results. */
export interface MetricOfSubject extends MetricRead, ComparedMetric {
  readonly role: 'success' | 'guardrail';
}

/** What was read of the database. */
export interface AnalysisData {
  readonly metrics: readonly MetricOfSubject[];
  readonly moments: MomentsOfUnits;
  readonly arrivals: Arrivals;
  readonly slates: readonly SlatesOfArm[];
  readonly interleaving: Preference | NotComputable | null;
  readonly refresh: ExperimentResults['refresh'];
}

/** The statistics of what was read. Pure. */
export function computeResults(subject: AnalysisSubject, data: AnalysisData, nowS: number): ExperimentResults {
  const { spec } = subject;
  const { arrivals, slates, moments } = data;
  const strata = strataOf(moments.cells, spec.variants.length);
  const startedAtS = subject.versions[0]!.startedAtS;
  const days = Math.max((nowS - startedAtS) / DAY_S, 1 / 24);
  const metrics = data.metrics.map((metric, i) => metricResults(metric, i, { subject, strata, data, days }));
  return {
    experiment: subject.experiment,
    version: subject.versions.at(-1)!.version,
    startedAtS,
    computedAtS: nowS,
    dataUntilS: arrivals.untilS,
    arms: spec.variants.map(({ name, weight }, i) => ({
      variant: name,
      weight,
      ...arrivals.arms[i]!,
      ...slates[i]!,
    })),
    strata: strata.map(({ version, rampStep, cells }) => ({
      version,
      rampStep,
      units: cells.map((cell) => cell?.units ?? 0),
    })),
    leftOut: leftOutOf(subject, strata, arrivals),
    ...sampleRatios(subject, arrivals, nowS),
    isTriggered: spec.analysis.triggered,
    metrics,
    interleaving: data.interleaving,
    refresh: data.refresh,
  };
}

interface StratumCells extends Omit<Stratum, 'units'> {
  /** By arm; undefined: nobody. */
  readonly cells: readonly (Cell | undefined)[];
}

function strataOf(cells: readonly Cell[], arms: number): readonly StratumCells[] {
  const strata = new Map<string, { version: number; rampStep: number; cells: (Cell | undefined)[] }>();
  for (const cell of cells) {
    const { arm, version, rampStep } = cell;
    if (arm === 0) continue;
    const key = `${version} ${rampStep}`;
    let stratum = strata.get(key);
    if (stratum === undefined)
      strata.set(key, (stratum = { version, rampStep, cells: new Array<Cell | undefined>(arms).fill(undefined) }));
    stratum.cells[arm - 1] = cell;
  }
  return [...strata.values()].sort((a, b) => a.version - b.version || a.rampStep - b.rampStep);
}

/** Places of the variants that get units at all; control always counts. */
const armsWithWeight = ({ spec }: AnalysisSubject): readonly number[] =>
  spec.variants.flatMap(({ weight }, i) => (weight > 0 || i === 0 ? [i] : []));

function stratified(subject: AnalysisSubject, strata: readonly StratumCells[], metric: number, variables: number) {
  const nobody = emptyMoments(variables);
  return stratify(
    strata.map(({ cells }) => armsWithWeight(subject).map((arm): Moments => cells[arm]?.moments[metric] ?? nobody)),
  );
}

function leftOutOf(subject: AnalysisSubject, strata: readonly StratumCells[], { conflicting }: Arrivals): LeftOut {
  const { phasesLeftOut, usersLeftOut } = stratify(
    strata.map(({ cells }) =>
      armsWithWeight(subject).map((arm): Moments => ({ count: cells[arm]?.units ?? 0, sums: [], products: [] })),
    ),
  );
  return { conflictingUnits: conflicting, strata: phasesLeftOut, units: usersLeftOut };
}

/** Weights are those of the phase: a version that changes them begins another. */
function sampleRatios({ spec }: AnalysisSubject, { arms, hours }: Arrivals, nowS: number) {
  const options = { alpha: spec.analysis.sampleRatioAlpha };
  const weights = spec.variants.map(({ weight }) => weight);
  if (spec.type === 'interleaving') {
    const none = notComputable('too_few_users');
    return { sampleRatio: { ...none, reason: 'too_few_users' } as const, sequentialSampleRatio: none };
  }
  return {
    sampleRatio: sampleRatio([{ counts: arms.map(({ units }) => units), weights }], options),
    sequentialSampleRatio: smallestOfHours(hours, weights, { ...options, nowS }),
  };
}

const HOUR_S = 3_600;

/** Full hours only: the counts of the present one depend on when one looks. */
function smallestOfHours(
  hours: Arrivals['hours'],
  weights: readonly number[],
  { alpha, nowS }: { readonly alpha: number; readonly nowS: number },
): SequentialSampleRatio {
  const counts = weights.map(() => 0);
  let smallest = 1;
  for (const { fromS, units } of hours) {
    units.forEach((count, arm) => (counts[arm]! += count));
    if (fromS + HOUR_S > nowS) break;
    const look = sequentialSampleRatio([{ counts, weights }], { alpha });
    if (look.status !== 'ok') return look;
    smallest = Math.min(smallest, look.pValue);
  }
  return { status: 'ok', pValue: smallest, mismatch: smallest < alpha };
}

interface Context {
  readonly subject: AnalysisSubject;
  readonly strata: readonly StratumCells[];
  readonly data: AnalysisData;
  readonly days: number;
}

const NOBODY: ArmEstimate = { users: 0, value: NaN, squaredError: NaN, freedom: NaN };
const MISSING = notComputable('too_few_users');

/** No stratum has units in every arm. */
const nothingToCompare = (arms: number, { margin }: ComparedMetric): ComparedArms => ({
  raw: new Array<ArmEstimate>(arms).fill(NOBODY),
  used: new Array<ArmEstimate>(arms).fill(NOBODY),
  varianceReduction: null,
  comparisons: new Array<ComparedArms['comparisons'][number]>(arms - 1).fill({
    ...{ absolute: MISSING, relative: MISSING, absoluteInference: MISSING, fixed: MISSING, always: MISSING },
    ...{ nonInferiority: margin === null ? null : MISSING, note: null },
  }),
});

function metricResults(metric: MetricOfSubject, i: number, context: Context): MetricResults {
  const { subject, strata, data } = context;
  const places = armsWithWeight(subject);
  const isPair = metric.columns.denominator !== null || metric.columns.covariate !== null;
  const { arms } = stratified(subject, strata, i, isPair ? 2 : 1);
  const { variants, analysis } = subject.spec;
  const compared = arms.length === 0 ? nothingToCompare(places.length, metric) : compareArms(arms, metric, analysis);
  const adjusted = holm(compared.comparisons.map(({ fixed }) => (fixed.status === 'ok' ? fixed.pValue : NaN)));
  const comparisons = compared.comparisons.map((comparison, n): MetricComparison => {
    const place = places[n + 1]!;
    return {
      variant: variants[place]!.name,
      units: compared.raw[n + 1]!.users,
      ...comparison,
      adjustedP: Number.isNaN(adjusted[n]!) ? null : adjusted[n]!,
      information: comparison.absolute.status === 'ok' ? totalVariance(comparison.absolute, usersOfAll(compared)) : NaN,
      power: powerOf(metric, { compared, arms, treatment: n + 1, place }, context),
    };
  });
  return {
    metric: metric.name,
    role: metric.role,
    kind: metric.spec.denominator === undefined ? 'mean' : 'ratio',
    better: metric.spec.better,
    margin: metric.margin,
    cutAt: data.moments.cuts[i]!.at,
    arms: compared.raw.map(({ users, value, squaredError }, n) => ({
      variant: variants[places[n]!]!.name,
      units: users,
      mean: value,
      standardError: Math.sqrt(squaredError),
    })),
    varianceReduction: compared.varianceReduction,
    comparisons,
  };
}

/** The weights of ramp steps count the units of all arms. */
const usersOfAll = ({ used }: ComparedArms): number => used.reduce((sum, { users }) => sum + users, 0);

interface Treatment {
  readonly compared: ComparedArms;
  readonly arms: readonly Arm[];
  readonly treatment: number;
  readonly place: number;
}

/**
 * Units that the plan's effect takes, from control's mean and variance (after CUPED); of a guardrail, those that it takes to
 * show that the harm is within the margin.
 */
function powerOf(
  { margin }: MetricOfSubject,
  { compared, arms, treatment, place }: Treatment,
  { subject: { spec }, days }: Context,
): PowerAssessment | null {
  const { alpha, power, detectableEffect, unitsMin } = spec.analysis;
  const minimumEffect = margin ?? detectableEffect;
  const [control, treated] = [compared.used[0]!, compared.used[treatment]!];
  const weights = { control: spec.variants[0]!.weight, treatment: spec.variants[place]!.weight };
  const isKnown = arms.length > 0 && control.value > 0 && control.squaredError > 0 && minimumEffect > 0;
  if (!isKnown || !(weights.control > 0 && weights.treatment > 0)) return null;
  return assessPower(baselineOf(control), {
    minimumEffect,
    // Non-inferiority is one-sided, and each guardrail must hold by itself.
    ...(margin === null ? { alpha, comparisons: compared.comparisons.length } : { alpha: Math.min(2 * alpha, 1) }),
    power,
    weights,
    guardrails: margin === null ? spec.metrics.guardrails.length : 0,
    users: { control: control.users, treatment: treated.users },
    usersPerDay: { control: control.users / days, treatment: treated.users / days },
    floor: unitsMin,
  });
}
