import type { SampleRatio } from '@shortlist/core/statistics/sample-ratio.ts';
import type { Preference } from '@shortlist/core/statistics/interleaving.ts';
import type { NotComputable } from '@shortlist/core/statistics/effect.ts';
import type { PowerAssessment } from '@shortlist/core/statistics/power.ts';
import type { AnalysisSubject, Evidence } from '../decisions/evidence.ts';
import type { ArmComparison } from './compare.ts';
import type { SlatesOfArm, UnitsOfArm } from './diagnostics.ts';

/** What an analysis found: the numbers that decide, and everything else that is known. */
export interface Analysed {
  readonly evidence: Evidence;
  readonly details: ExperimentResults;
}

/** Analyses one phase with the data there are at `nowS` (unix seconds). Throws `database_*`. */
export type Analyse = (subject: AnalysisSubject, nowS: number) => Promise<Analysed>;

/**
 * Everything that is known of one phase of an experiment, as units were assigned (a unit that was served something else
 * counts where it was assigned). Plain data: a number that cannot be had is `{status: 'not_computable', reason}`; JSON
 * turns what is infinite (required units of a metric that is zero) into null.
 */
export interface ExperimentResults {
  readonly experiment: string;
  /** Newest configuration version of the phase. */
  readonly version: number;
  /** Unix seconds. */
  readonly startedAtS: number;
  readonly computedAtS: number;
  /** Newest exposure or slate that was seen; null: none. */
  readonly dataUntilS: number | null;
  /** In the order of the spec, control first. */
  readonly arms: readonly ArmResults[];
  /** Units by version and ramp step of their first exposure: compared within, never pooled over them. */
  readonly strata: readonly Stratum[];
  readonly leftOut: LeftOut;
  readonly sampleRatio: SampleRatio;
  readonly sequentialSampleRatio: SequentialSampleRatio;
  /** Whether metrics are of those units alone whose slates differ between variants. */
  readonly isTriggered: boolean;
  /** Success metrics, then guardrails, in the order of the spec. */
  readonly metrics: readonly MetricResults[];
  readonly interleaving: Preference | NotComputable | null;
  /** How the numbers were brought up to date. */
  readonly refresh: { readonly mode: 'full' | 'incremental'; readonly touched: number };
}

export interface ArmResults extends UnitsOfArm, SlatesOfArm {
  readonly variant: string;
  readonly weight: number;
}

export interface Stratum {
  readonly version: number;
  readonly rampStep: number;
  /** In the order of the arms. */
  readonly units: readonly number[];
}

export interface LeftOut {
  /** Units to which two variants were assigned. */
  readonly conflictingUnits: number;
  /** Strata in which some arm has fewer than two units, and the units in them. */
  readonly strata: number;
  readonly units: number;
}

/** Always-valid: the smallest p-value of all full hours so far, as if it had been looked at each hour. */
export type SequentialSampleRatio =
  { readonly status: 'ok'; readonly pValue: number; readonly mismatch: boolean } | NotComputable;

export interface MetricResults {
  readonly metric: string;
  readonly role: 'success' | 'guardrail';
  readonly kind: 'mean' | 'ratio';
  readonly better: 'higher' | 'lower';
  /** Of a guardrail. */
  readonly margin: number | null;
  /** Where sums per unit were cut; null: they were not. */
  readonly cutAt: number | null;
  /** In the order of the arms; NaN (null in JSON): nobody is there. */
  readonly arms: readonly {
    readonly variant: string;
    readonly units: number;
    readonly mean: number;
    readonly standardError: number;
  }[];
  /** Share of the variance that CUPED took away; null without it. */
  readonly varianceReduction: number | null;
  readonly comparisons: readonly MetricComparison[];
}

export interface MetricComparison extends ArmComparison {
  readonly variant: string;
  readonly units: number;
  /** Two-sided p-value of the relative effect, Holm-adjusted over the treatments; null: cannot be had. */
  readonly adjustedP: number | null;
  /** Variance of the difference of totals, the clock of several looks; NaN (null in JSON) where it cannot be had. */
  readonly information: number;
  /** Null: the baseline is not known. */
  readonly power: PowerAssessment | null;
}
