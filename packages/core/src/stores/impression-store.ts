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

/** The log of shown slates, idempotent by request id. */
export interface ImpressionStore {
  append(impressions: readonly Impression[]): Promise<{ readonly inserted: number; readonly duplicates: number }>;
  /** Streams in (time, request id) order, those before `beforeS` (unix seconds; all when absent). */
  stream(range?: { readonly beforeS?: number; readonly batchMax?: number }): AsyncIterable<readonly Impression[]>;
  count(): Promise<number>;
}
