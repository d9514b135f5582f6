import type { Target, UnitKind } from '../contracts/experiment.ts';
import type { ParametersPatch } from '../contracts/effective-parameters.ts';

/** A snapshot that was checked, in the form that assigning reads. Made by `compileSnapshot`. */
export interface CompiledSnapshot {
  readonly version: number;
  readonly publishedAtS: number;
  readonly layers: readonly CompiledLayer[];
  /** What promotion made the default, oldest first. */
  readonly promoted: readonly { readonly release: string | null; readonly parameters: ParametersPatch }[];
  /** The release that was promoted last, and when; null when none was. */
  readonly promotedRelease: { readonly id: string; readonly atS: number } | null;
  /** Releases that are needed, each once: the promoted one, then those of variants. */
  readonly releases: readonly string[];
}

export interface CompiledLayer {
  readonly name: string;
  readonly unit: UnitKind;
  readonly salt: string;
  /** Buckets [0, holdout) of the layer's holdout hash are in no experiment. */
  readonly holdout: number;
  /** Half-open ranges of the layer hash, ascending, with the number of the experiment that owns each. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly owners: Int32Array;
  readonly experiments: readonly CompiledExperiment[];
}

export interface CompiledExperiment {
  readonly name: string;
  readonly version: number;
  readonly type: 'ab' | 'interleaving';
  readonly layer: string;
  readonly unit: UnitKind;
  readonly salt: string;
  readonly startsAtS: number;
  /** Infinity: open. */
  readonly endsAtS: number;
  readonly targeting: readonly CompiledTarget[];
  /** Moments of the ramp, ascending, and the buckets that each exposes; one step from -Infinity on without a ramp. */
  readonly stepsAtS: Float64Array;
  readonly stepsExposed: Int32Array;
  /** First bucket that is no more the variant's, by variant; the first variant is control. */
  readonly variantEnds: Int32Array;
  readonly variants: readonly CompiledVariant[];
  readonly triggered: boolean;
}

export interface CompiledVariant {
  readonly name: string;
  /** Number among all variants of the snapshot. */
  readonly ordinal: number;
  /** Null: whatever is active. */
  readonly release: string | null;
  readonly parameters: ParametersPatch;
  /** Whether it changes anything; control mostly does not. */
  readonly changes: boolean;
}

export interface CompiledTarget {
  readonly from: 'context' | 'user';
  readonly name: string;
  readonly among: ReadonlySet<string> | null;
  readonly notAmong: ReadonlySet<string> | null;
  readonly source: Target;
}
