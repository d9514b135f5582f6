import type { ExperimentSpec, LayerSpec, MetricSpec } from '@shortlist/core/contracts/experiment.ts';

/**
 * What is analysed: one phase of one experiment. A configuration version that changes weights, variants or targeting
 * begins a new phase; one that only lets more units in (ramp, allocation) goes on with the phase, whose exposures are
 * stratified by version and ramp step.
 */
export interface AnalysisSubject {
  readonly experiment: string;
  /** Salt, weights and variants of the phase; `spec` is that of `version`. */
  readonly spec: ExperimentSpec;
  readonly unit: LayerSpec['unit'];
  /** Configuration versions of the phase, ascending; exposures of others do not count. */
  readonly versions: readonly PhaseVersion[];
  /** Every metric that `spec` names. */
  readonly metrics: ReadonlyMap<string, MetricSpec>;
}

export interface PhaseVersion {
  readonly version: number;
  /** Unix seconds by the service's clock. */
  readonly startedAtS: number;
}

/**
 * The numbers that a decision rests on; stored with it, and printed by `shortlist experiment results`. Plain JSON:
 * `null` is a number that cannot be had (no data, no variance, NaN). It is neither pass nor fail.
 */
export interface Evidence {
  readonly experiment: string;
  /** The newest configuration version that the numbers hold of. */
  readonly version: number;
  /** Begin of the phase, unix seconds. */
  readonly startedAtS: number;
  /** When it was computed, unix seconds. */
  readonly computedAtS: number;
  /** Everything before was seen: exposures and outcomes. Null: there are none yet. */
  readonly dataUntilS: number | null;
  /** In the order of the spec, control first. */
  readonly arms: readonly ArmEvidence[];
  readonly sampleRatio: SampleRatioEvidence;
  /** Success metrics, then guardrails, in the order of the spec. */
  readonly metrics: readonly MetricEvidence[];
  /** Of an interleaving experiment; null for an A/B. */
  readonly interleaving: InterleavingEvidence | null;
  /** What a reader should know: units left out, fallbacks, phases that were not pooled. */
  readonly notes: readonly string[];
}

export interface ArmEvidence {
  readonly variant: string;
  /** Expected share of the units. */
  readonly weight: number;
  /** Units exposed, as assigned. */
  readonly units: number;
  /** Of those: served something else at least once (release not loaded, ...). */
  readonly fallbackUnits: number;
}

/** Do the arms have the units that their weights promise? P-values in [0, 1]. */
export interface SampleRatioEvidence {
  /** Chi-squared over the phase: valid once, when a decision is made. */
  readonly chiSquaredP: number | null;
  /** Sequential (Dirichlet-multinomial, running minimum): valid at any time. */
  readonly sequentialP: number | null;
}

export interface MetricEvidence {
  readonly metric: string;
  readonly role: 'success' | 'guardrail';
  readonly better: 'higher' | 'lower';
  /** Of a guardrail: the largest relative harm that counts as none. */
  readonly margin: number | null;
  readonly control: { readonly units: number; readonly mean: number | null };
  /**
   * Units per variant needed to find the plan's effect with its power, from the control's mean and variance; null
   * where they are not known yet. Of a guardrail: to show non-inferiority.
   */
  readonly requiredUnits: number | null;
  /** One per treatment, in the order of the spec. */
  readonly comparisons: readonly Comparison[];
}

/** A treatment against control. Lifts are relative (0.05 = +5 %) and positive when the metric grows, better or worse. */
export interface Comparison {
  readonly variant: string;
  readonly units: number;
  readonly mean: number | null;
  readonly lift: number | null;
  /** Treatment minus control, in units of the metric. */
  readonly difference: number | null;
  /** Of the relative lift. Fixed-horizon at 1 - alpha: holds at one look. */
  readonly fixed: Interval | null;
  /** Of the relative lift. Confidence sequence at 1 - alpha: holds at every time. */
  readonly always: Interval | null;
  /** Two-sided, of no difference, fixed-horizon. */
  readonly pValue: number | null;
  /** Of a guardrail, one-sided fixed-horizon p-value of "harm of at least the margin": small means non-inferior. */
  readonly nonInferiorityP: number | null;
  /** Share of the variance that CUPED took away; null without it. */
  readonly varianceReduction: number | null;
  /** Variance of the difference of the arms' totals: how much is in, on a scale of its own (core/statistics/information.ts). */
  readonly information: number | null;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Team draft: whose items a unit chose more often. */
export interface InterleavingEvidence {
  readonly control: string;
  readonly treatment: string;
  readonly controlWins: number;
  readonly treatmentWins: number;
  readonly ties: number;
  /** Two-sided sign test over units. */
  readonly pValue: number | null;
}
