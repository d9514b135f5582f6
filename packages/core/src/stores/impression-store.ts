import type { LogOffsets } from '../contracts/log.ts';
import type { LogPlace } from './event-log.ts';

/** One slate that was shown. The item at index i was at position i + 1. */
export interface Impression {
  readonly requestId: string;
  /** One of user and session is not null. */
  readonly userId: string | null;
  readonly sessionId: string | null;
  /** Unix seconds, kept to the microsecond. */
  readonly occurredAtS: number;
  readonly surface: string;
  readonly device: string;
  /** The category that was asked for, if any. */
  readonly category: string | null;
  readonly itemIds: readonly string[];
  /** Probability with which the policy put each item where it was; parallel to `itemIds`. */
  readonly propensities: Float32Array;
}

/** An answer as one of its experiments sees it. */
export interface SlateExperiment {
  readonly experiment: string;
  readonly version: number;
  /** `u:<user id>` or `s:<session id>`. */
  readonly unit: string;
  readonly assigned: string;
  readonly served: string;
  readonly phase: number;
  /** Whether another variant's slate would have been another; null: not computed. */
  readonly differs: boolean | null;
}

/** What a pod says of one answer. With an `error` there are no items, and nothing was shown. */
export interface RecordedSlate extends Impression {
  readonly release: string;
  readonly tier: string;
  readonly degraded: readonly string[];
  /** Best source of each item; empty where none is known. */
  readonly sources: readonly string[];
  /** Interleaving: which ranker chose each item, 0 control, 1 treatment; else empty. */
  readonly teams: readonly number[];
  readonly latencyMs: number;
  /** Code of the error that was answered. */
  readonly error: string | null;
  /** Chance with which it was kept. */
  readonly sampled: number;
  readonly experiments: readonly SlateExperiment[];
}

/** A row of `slate_experiments`. */
export interface StoredSlateExperiment extends SlateExperiment, LogPlace {
  readonly requestId: string;
  readonly occurredAtS: number;
  readonly items: number;
  readonly tier: string;
  readonly degraded: boolean;
  readonly failed: boolean;
  readonly latencyMs: number;
  readonly sampled: number;
}

/** The log of shown slates, idempotent by request id. */
export interface ImpressionStore {
  append(impressions: readonly Impression[]): Promise<{ readonly inserted: number; readonly duplicates: number }>;
  /**
   * Stores those whose request id is new, and what their experiments see of them. Run it in `LogLane.write` and tell the
   * new ones (kind slates). Returns 1 for each that was stored by this call, 0 for a duplicate; parallel.
   */
  record(slates: readonly RecordedSlate[], place: LogPlace): Promise<Uint8Array>;
  /**
   * Streams what was shown (no errors) in (time, request id) order, those before `beforeS` (unix seconds; all when
   * absent).
   */
  stream(range?: { readonly beforeS?: number; readonly batchMax?: number }): AsyncIterable<readonly Impression[]>;
  /** What experiments see of answers behind `offsets`; read as `ExposureStore.after`. */
  experimentsAfter(offsets: LogOffsets): AsyncIterable<readonly StoredSlateExperiment[]>;
  count(): Promise<number>;
}
