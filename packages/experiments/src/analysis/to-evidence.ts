import type { Effect, NotComputable } from '@shortlist/core/statistics/effect.ts';
import type { Comparison, Evidence, InterleavingEvidence, Interval, MetricEvidence } from '../decisions/evidence.ts';
import type { AnalysisSubject } from '../decisions/evidence.ts';
import type { ExperimentResults, MetricComparison, MetricResults } from './results.ts';

/** What the decision rule reads of the results: every number that cannot be had, or is not finite, is null. */
export function toEvidence(subject: AnalysisSubject, results: ExperimentResults): Evidence {
  const { experiment, version, startedAtS, computedAtS, dataUntilS, arms } = results;
  return {
    ...{ experiment, version, startedAtS, computedAtS, dataUntilS },
    arms: arms.map(({ variant, weight, units, fallbacks }) => ({
      ...{ variant, weight, units },
      fallbackUnits: Object.values(fallbacks).reduce((sum, count) => sum + count, 0),
    })),
    sampleRatio: {
      chiSquaredP: results.sampleRatio.status === 'ok' ? results.sampleRatio.pValue : null,
      sequentialP: results.sequentialSampleRatio.status === 'ok' ? results.sequentialSampleRatio.pValue : null,
    },
    metrics: results.metrics.map(metricEvidence),
    interleaving: interleavingEvidence(subject, results),
    notes: notesOf(subject, results),
  };
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
const valueOf = (effect: Effect | NotComputable): number | null =>
  effect.status === 'ok' ? orNull(effect.value) : null;
const intervalOf = (one: { status: 'ok'; low: number; high: number } | NotComputable): Interval | null =>
  one.status === 'ok' && Number.isFinite(one.low) && Number.isFinite(one.high)
    ? { low: one.low, high: one.high }
    : null;

function metricEvidence(metric: MetricResults): MetricEvidence {
  const { role, better, margin, arms, comparisons, varianceReduction } = metric;
  const [control] = arms;
  return {
    ...{ metric: metric.metric, role, better, margin },
    control: { units: control?.units ?? 0, mean: orNull(control?.mean ?? NaN) },
    requiredUnits: requiredUnits(comparisons),
    comparisons: comparisons.map((comparison, i): Comparison => ({
      variant: comparison.variant,
      units: comparison.units,
      mean: orNull(arms[i + 1]!.mean),
      lift: valueOf(comparison.relative),
      difference: valueOf(comparison.absolute),
      fixed: intervalOf(comparison.fixed),
      always: intervalOf(comparison.always),
      pValue: comparison.fixed.status === 'ok' ? orNull(comparison.fixed.pValue) : null,
      nonInferiorityP: comparison.nonInferiority?.status === 'ok' ? comparison.nonInferiority.pValue : null,
      varianceReduction,
      information: orNull(comparison.information),
    })),
  };
}

/**
 * Of the smaller arm of each comparison, the largest: what is there is counted by the smallest arm, too. With unequal
 * weights the other arm then has its part.
 */
function requiredUnits(comparisons: readonly MetricComparison[]): number | null {
  const needed = comparisons.map(({ power }) =>
    power === null ? NaN : Math.min(power.needed.control, power.needed.treatment),
  );
  return needed.length === 0 ? null : orNull(Math.max(...needed));
}

function interleavingEvidence(
  { spec }: AnalysisSubject,
  { interleaving }: ExperimentResults,
): InterleavingEvidence | null {
  if (interleaving === null) return null;
  const [control, treatment] = spec.variants.map(({ name }) => name) as [string, string];
  if (interleaving.status !== 'ok')
    return { control, treatment, controlWins: 0, treatmentWins: 0, ties: 0, pValue: null };
  const { forA, forB, ties, signPValue } = interleaving;
  return { control, treatment, controlWins: forA, treatmentWins: forB, ties, pValue: orNull(signPValue) };
}

const plural = (count: number, one: string): string => `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;

function notesOf({ spec, metrics }: AnalysisSubject, results: ExperimentResults): string[] {
  const { leftOut, strata, arms, isTriggered } = results;
  const notes: string[] = [];
  if (leftOut.conflictingUnits > 0)
    notes.push(`${plural(leftOut.conflictingUnits, 'unit')} with two variants assigned: in no arm`);
  if (leftOut.strata > 0)
    notes.push(
      `${plural(leftOut.units, 'unit')} of ${plural(leftOut.strata, 'ramp step')} without units in every arm: left out`,
    );
  if (strata.length > 1) notes.push(`compared within ${strata.length} ramp steps, not pooled over them`);
  for (const { variant, fallbacks } of arms)
    for (const [reason, units] of Object.entries(fallbacks))
      notes.push(`${plural(units, 'unit')} of ${variant} served something else (${reason}): counted as assigned`);
  for (const { variant, slates, latencyP99Ms, itemsCovered } of arms)
    if (latencyP99Ms !== null)
      notes.push(
        `${variant}: p99 ${latencyP99Ms.toPrecision(3)} ms, ${plural(itemsCovered, 'different item')} in ${plural(Math.round(slates), 'slate')}`,
      );
  if (isTriggered) notes.push('metrics are of units whose slates differ between the variants');
  for (const metric of results.metrics)
    for (const { variant, note } of metric.comparisons)
      if (note !== null) notes.push(`${metric.metric}, ${variant}: ${note}`);
  const unknown = [...spec.metrics.success, ...spec.metrics.guardrails.map(({ metric }) => metric)].filter(
    (name) => !metrics.has(name),
  );
  if (unknown.length > 0) notes.push(`not defined: ${unknown.join(', ')}`);
  return notes;
}
