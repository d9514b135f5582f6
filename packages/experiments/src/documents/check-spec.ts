import { effectiveParameters } from '@shortlist/core/contracts/effective-parameters.ts';
import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import { problem, problemOf, warning, type Problem } from './problem.ts';

/** What an experiment's document may name. */
export interface Known {
  readonly layers: ReadonlySet<string>;
  readonly metrics: ReadonlySet<string>;
  /** Releases of the dataset; null where no registry is at hand. */
  readonly releases: ReadonlySet<string> | null;
}

/** How far from 1 the weights may add up to. */
const WEIGHTS_TOLERANCE = 1e-9;
const DAY_S = 86_400;

/** Everything that is wrong with a spec by itself, whatever else there is. The schema holds already. */
export function checkSpec(spec: ExperimentSpec, known: Known): readonly Problem[] {
  return [
    ...checkVariants(spec),
    ...checkParameters(spec),
    ...checkDates(spec),
    ...checkRamp(spec),
    ...checkTargeting(spec),
    ...checkNames(spec, known),
  ];
}

function* checkVariants({ variants, type, allocation }: ExperimentSpec): Generator<Problem> {
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  if (Math.abs(sum - 1) > WEIGHTS_TOLERANCE) {
    yield problem('weights_invalid', 'spec.variants', `the weights add up to ${shown(sum)}, not to 1`);
  }
  for (const [i, { name, weight }] of variants.entries()) {
    const before = variants.findIndex((other) => other.name === name);
    if (before < i) {
      yield problem('variant_repeated', `spec.variants[${i}].name`, `variant ${before} is called ${name} already`);
    }
    if (weight === 0) yield warning(`spec.variants[${i}].weight`, 'nobody will be in this variant');
  }
  if (type === 'interleaving' && variants.length !== 2) {
    yield problem('experiment_invalid', 'spec.variants', `interleaving compares two, not ${variants.length}`);
  }
  if (allocation === 0) yield problem('experiment_invalid', 'spec.allocation', 'of nobody nothing can be learnt');
}

function* checkParameters({ variants }: ExperimentSpec): Generator<Problem> {
  for (const [i, { parameters }] of variants.entries()) {
    if (parameters === undefined) continue;
    try {
      effectiveParameters(parameters);
    } catch (error) {
      const { field, reason } = problemOf(error, 'parameters');
      yield problem('parameter_invalid', `spec.variants[${i}].${field}`, reason);
    }
  }
}

function* checkDates({ startsAt, endsAt, analysis }: ExperimentSpec): Generator<Problem> {
  for (const [field, text] of Object.entries({ startsAt, endsAt })) {
    if (text !== undefined && Number.isNaN(parseTimestamp(text))) {
      yield problem('dates_reversed', `spec.${field}`, `${text} is no date`);
    }
  }
  const [startS, endS] = [timeOf(startsAt), timeOf(endsAt)];
  if (endS <= startS) yield problem('dates_reversed', 'spec.endsAt', 'it ends before it begins');
  const { daysMin, daysMax } = analysis;
  if (daysMax <= daysMin) {
    const reason = `${daysMax} days at most, and ${daysMin} at least: nothing could ever be promoted`;
    yield problem('dates_reversed', 'spec.analysis.daysMax', reason);
  }
  if (endS - startS < daysMin * DAY_S) {
    yield warning('spec.endsAt', `it ends before its ${daysMin} days are over: nothing will be promoted by itself`);
  }
}

function* checkRamp({ ramp, endsAt }: ExperimentSpec): Generator<Problem> {
  const endS = timeOf(endsAt);
  for (const [i, { at, share }] of ramp.entries()) {
    const atS = parseTimestamp(at);
    if (Number.isNaN(atS)) yield problem('ramp_invalid', `spec.ramp[${i}].at`, `${at} is no date`);
    if (atS >= endS) yield problem('dates_reversed', `spec.ramp[${i}].at`, 'the experiment has ended by then');
    const before = ramp[i - 1];
    if (before === undefined) continue;
    if (atS <= parseTimestamp(before.at)) {
      yield problem('ramp_invalid', `spec.ramp[${i}].at`, 'it is not after the step before');
    }
    if (share < before.share) {
      const reason = `${shown(share)} is less than the ${shown(before.share)} before: a ramp never puts anybody out`;
      yield problem('ramp_invalid', `spec.ramp[${i}].share`, reason);
    }
  }
}

function* checkTargeting({ targeting }: ExperimentSpec): Generator<Problem> {
  for (const [i, target] of targeting.entries()) {
    if (target.in === undefined && target.notIn === undefined) {
      yield problem('experiment_invalid', `spec.targeting[${i}]`, 'it has neither in nor notIn');
    }
  }
}

function* checkNames({ layer, metrics, variants }: ExperimentSpec, known: Known): Generator<Problem> {
  if (!known.layers.has(layer)) {
    yield problem('layer_unknown', 'spec.layer', `there is no layer ${layer}; known: ${listed(known.layers)}`);
  }
  const named = [
    ...metrics.success.map((metric, i) => ({ metric, field: `spec.metrics.success[${i}]` })),
    ...metrics.guardrails.map(({ metric }, i) => ({ metric, field: `spec.metrics.guardrails[${i}].metric` })),
  ];
  for (const [i, { metric, field }] of named.entries()) {
    if (!known.metrics.has(metric)) {
      yield problem('metric_unknown', field, `there is no metric ${metric}; known: ${listed(known.metrics)}`);
    }
    const before = named.findIndex((other) => other.metric === metric);
    if (before < i) yield problem('experiment_invalid', field, `${metric} is ${named[before]!.field} already`);
  }
  for (const [i, { release }] of variants.entries()) {
    if (release === undefined || known.releases === null || known.releases.has(release)) continue;
    yield warning(`spec.variants[${i}].release`, `${release} is not in the registry: control is served until it is`);
  }
}

/** Unix seconds; NaN, which is no earlier and no later than anything, where there is no date. */
export const timeOf = (text: string | undefined): number => (text === undefined ? NaN : parseTimestamp(text));

const listed = (names: ReadonlySet<string>): string => [...names].sort().join(', ') || 'none';
const shown = (value: number): string => String(Math.round(value * 1e10) / 1e10);
