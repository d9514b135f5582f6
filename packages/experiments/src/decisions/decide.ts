import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import type { Comparison, Evidence, MetricEvidence } from './evidence.ts';
import { comparisonsOf, guardrails, isNumber, isSame, makeLook, type Finding, type TakenLook } from './look.ts';
import { progressOf, type Progress } from './progress.ts';

export interface DecisionInput {
  readonly state: 'running' | 'needs_attention';
  /** The configuration version that holds; numbers of another one decide nothing. */
  readonly version: number;
  readonly spec: ExperimentSpec;
  /** When that version began, unix seconds. */
  readonly startedAtS: number;
  /** Null: the analysis has none, or failed. */
  readonly evidence: Evidence | null;
  /** Of this phase, in order. */
  readonly looks: readonly TakenLook[];
  /** Older data decide nothing, seconds. */
  readonly staleAfterS: number;
}

export interface Decision {
  readonly action: 'hold' | 'roll_back' | 'promote' | 'needs_attention';
  /** Whom it is about: the promoted one, or the one that did harm. */
  readonly variant: string | null;
  /** For people. */
  readonly reason: string;
  /** The planned look that was made for it: to be kept, since it is made once. */
  readonly look: TakenLook | null;
}

const DAY_S = 86_400;

/**
 * What becomes of an experiment, in this order:
 *
 * 1. Harm goes back to control at any time: the sequential sample-ratio check fails, or a guardrail's confidence sequence
 *    lies beyond its margin. Both hold however often they are looked at.
 * 2. Numbers that are missing, of another version or stale are neither pass nor fail, and advance nothing.
 * 3. A planned look is made once, when its share of the required units is there, and the floor and the days.
 * 4. A treatment is promoted that is superior in a success metric, inferior in none, and non-inferior in every guardrail.
 * 5. What the last look, `endsAt` or `daysMax` leaves undecided needs a person's attention.
 *
 * `nowS`: unix seconds. Pure.
 */
export function decide(input: DecisionInput, nowS: number): Decision {
  const { evidence, spec, state } = input;
  if (evidence === null) return undecided(input, nowS, 'there are no numbers');
  if (evidence.version !== input.version) return undecided(input, nowS, 'the numbers are of another version');
  const harm = harmOf(spec, evidence);
  if (harm !== null) return harm;
  if (state === 'needs_attention') return hold('a person has to decide');
  const { dataUntilS } = evidence;
  if (!isNumber(dataUntilS)) return undecided(input, nowS, 'nobody has been exposed yet');
  if (nowS - dataUntilS > input.staleAfterS) {
    return undecided(input, nowS, `the newest data are ${Math.round(nowS - dataUntilS)} s old`);
  }
  const progress = progressOf(spec, evidence, nowS);
  const missing = notYet(spec, progress);
  if (missing !== null) return undecided(input, nowS, missing, progress);
  if (spec.type === 'interleaving') return screened(evidence);
  return decideByLooks(input, evidence, progress, nowS);
}

function decideByLooks(
  { spec, looks, ...input }: DecisionInput,
  evidence: Evidence,
  progress: Progress,
  nowS: number,
): Decision {
  const { sampleRatioAlpha, looks: planned, alpha } = spec.analysis;
  const { fraction } = progress;
  if (!isNumber(fraction)) return undecided({ spec, looks, ...input }, nowS, 'the required size is not known');
  const { chiSquaredP } = evidence.sampleRatio;
  const last = looks.at(-1);
  const reached = Math.min(planned, Math.floor(fraction * planned + 1e-9));
  let look: TakenLook | null = null;
  if (reached > (last?.index ?? 0) && fraction > (last?.fraction ?? 0)) {
    if (!isNumber(chiSquaredP) || !comparisonsOf(evidence, 'success').some((one) => isNumber(one.comparison.pValue))) {
      return undecided({ spec, looks, ...input }, nowS, 'a look is due, and its numbers are missing', progress);
    }
    // The sequential check is blind to small samples; this one is valid once, and this is the moment.
    if (chiSquaredP < sampleRatioAlpha) return sampleRatioFailed('chi-squared', chiSquaredP);
    look = makeLook(evidence, { index: reached, fraction, earlier: looks, alpha });
    if (look === null)
      return undecided({ spec, looks, ...input }, nowS, 'a look is due, and nothing new is in', progress);
  }
  const all = look === null ? looks : [...looks, look];
  const winner = winnerOf(evidence, all);
  if (winner !== null) {
    const reason = `${winner.variant} is superior in ${winner.metrics.join(', ')}, and no guardrail is harmed`;
    return { action: 'promote', variant: winner.variant, reason, look };
  }
  const waiting = all.flatMap(({ superior }) => superior);
  if (all.at(-1)?.index === planned && waiting.length === 0) {
    return { action: 'needs_attention', variant: null, reason: 'no variant is superior at the last look', look };
  }
  const because =
    waiting.length === 0
      ? `look ${all.length === 0 ? 1 : all.at(-1)!.index + 1} of ${planned} is not due`
      : `${waiting[0]!.variant} is superior in ${waiting[0]!.metric}, and not every guardrail is shown to hold`;
  return { ...undecided({ spec, looks, ...input }, nowS, because, progress), look };
}

/** Numbers that speak against the treatment, and do so however often one looks. */
function harmOf({ type, analysis }: ExperimentSpec, evidence: Evidence): Decision | null {
  const { sequentialP } = evidence.sampleRatio;
  if (type === 'ab' && isNumber(sequentialP) && sequentialP < analysis.sampleRatioAlpha) {
    return sampleRatioFailed('sequential', sequentialP);
  }
  for (const { metric, comparison } of guardrails(evidence)) {
    const { always, variant } = comparison;
    const margin = metric.margin ?? 0;
    if (always === null || !isNumber(always.low) || !isNumber(always.high)) continue;
    const isHarmed = metric.better === 'higher' ? always.high < -margin : always.low > margin;
    if (!isHarmed) continue;
    const reason = `${metric.metric} of ${variant} changed by ${percent(always.low)} to ${percent(always.high)}, margin ${percent(margin)}`;
    return { action: 'roll_back', variant, reason, look: null };
  }
  return null;
}

function sampleRatioFailed(test: string, p: number): Decision {
  const reason = `units do not come in the ratio of the weights (${test} p = ${p.toExponential(1)}): nothing can be believed`;
  return { action: 'roll_back', variant: null, reason, look: null };
}

/** Why no look may be made yet; null: it may. */
function notYet({ analysis }: ExperimentSpec, { days, units }: Progress): string | null {
  if (days < analysis.daysMin) return `${days.toFixed(1)} of at least ${analysis.daysMin} days are over`;
  if (units < analysis.unitsMin) return `${units} of at least ${analysis.unitsMin} units per variant are there`;
  return null;
}

/** The treatment that may become everybody's: best in the first success metric, if there are several. */
function winnerOf(evidence: Evidence, looks: readonly TakenLook[]): { variant: string; metrics: string[] } | null {
  const [superior, inferior, nonInferior] = [
    looks.flatMap((look) => look.superior),
    looks.flatMap((look) => look.inferior),
    looks.flatMap((look) => look.nonInferior),
  ];
  const treatments = evidence.arms.slice(1).map(({ variant }) => variant);
  const able = treatments.filter(
    (variant) =>
      superior.some((one) => one.variant === variant) &&
      !inferior.some((one) => one.variant === variant) &&
      comparisonsOf(evidence, 'success').every((one) => one.comparison.variant !== variant || !isDeteriorated(one)) &&
      guardrailsHold(evidence, variant, nonInferior),
  );
  const first = evidence.metrics.find(({ role }) => role === 'success');
  const goodness = (variant: string): number => {
    const lift = first?.comparisons.find((one) => one.variant === variant)?.lift;
    return isNumber(lift) ? (first!.better === 'higher' ? lift : -lift) : -Infinity;
  };
  const [best] = able.sort((a, b) => goodness(b) - goodness(a));
  if (best === undefined) return null;
  return { variant: best, metrics: superior.filter(({ variant }) => variant === best).map(({ metric }) => metric) };
}

/** Every guardrail has a number for the treatment, and was shown to hold: at a look, or by its confidence sequence. */
function guardrailsHold({ metrics }: Evidence, variant: string, shown: readonly Finding[]): boolean {
  return metrics
    .filter(({ role }) => role === 'guardrail')
    .every((metric) => {
      const comparison = metric.comparisons.find((one) => one.variant === variant);
      if (comparison === undefined || !isNumber(comparison.lift)) return false;
      const finding = { metric: metric.metric, variant };
      return shown.some((one) => isSame(one, finding)) || isInsideMargin(metric, comparison);
    });
}

function isInsideMargin({ better, margin }: MetricEvidence, { always }: Comparison): boolean {
  if (always === null || !isNumber(always.low) || !isNumber(always.high)) return false;
  return better === 'higher' ? always.low > -(margin ?? 0) : always.high < (margin ?? 0);
}

function isDeteriorated({ metric, comparison }: { metric: MetricEvidence; comparison: Comparison }): boolean {
  const { always } = comparison;
  if (always === null || !isNumber(always.low) || !isNumber(always.high)) return false;
  return metric.better === 'higher' ? always.high < 0 : always.low > 0;
}

/** Interleaving says which ranker is preferred, not what it earns: that is for an A/B test, and for a person. */
function screened({ interleaving }: Evidence): Decision {
  if (interleaving === null || !isNumber(interleaving.pValue)) return hold('there are no preferences yet');
  const { treatment, control, treatmentWins, controlWins, pValue } = interleaving;
  const reason = `screened: ${treatment} is preferred by ${treatmentWins} units, ${control} by ${controlWins} (p = ${pValue.toPrecision(2)}); an A/B test decides`;
  return { action: 'needs_attention', variant: treatment, reason, look: null };
}

/** Goes on, unless its time is over. */
function undecided(
  { spec, state, evidence, startedAtS }: DecisionInput,
  nowS: number,
  because: string,
  progress: Progress | null = null,
): Decision {
  if (state === 'needs_attention') return hold('a person has to decide');
  const endS = spec.endsAt === undefined ? Infinity : parseTimestamp(spec.endsAt);
  // Its time goes on also while there are no numbers.
  const days = (nowS - (evidence?.startedAtS ?? startedAtS)) / DAY_S;
  const { daysMax } = spec.analysis;
  const over = nowS >= endS ? 'it has ended' : days > daysMax ? `its ${daysMax} days are over` : null;
  if (over === null) return hold(because);
  const power = progress?.underpowered === true ? 'underpowered: ' : '';
  return { action: 'needs_attention', variant: null, reason: `${over} undecided; ${power}${because}`, look: null };
}

const hold = (reason: string): Decision => ({ action: 'hold', variant: null, reason, look: null });

const percent = (value: number): string => `${value < 0 ? '' : '+'}${(100 * value).toFixed(1)} %`;
