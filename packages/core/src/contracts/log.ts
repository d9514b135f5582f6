/**
 * What one row of `log_batches` tells its consumers, column-wise as JSON: what a transaction changed, in the order in
 * which its writer committed. Consumers remember the last batch of every writer they have worked in.
 */
export const LOG_KIND = { events: 1, items: 2, merge: 3, retract: 4, reset: 5, slates: 6 } as const;
export type LogKind = (typeof LOG_KIND)[keyof typeof LOG_KIND];

/** Events that were accepted (not duplicates), parallel arrays. */
export interface EventsPayload {
  /** First 16 hex digits of the event key; parts equal events of one unit. */
  readonly keys: readonly string[];
  readonly userIds: readonly (string | null)[];
  readonly sessionIds: readonly (string | null)[];
  /** '' for an event without an item (search). */
  readonly itemIds: readonly string[];
  /** Codes of contracts/events.ts. */
  readonly types: readonly number[];
  /** Unix seconds. */
  readonly timesS: readonly number[];
}

/** Items that changed: consumers read their present state from the catalogue, so that the newest always wins. */
export interface ItemsPayload {
  readonly itemIds: readonly string[];
}

/** An anonymous session has become a known user; its events have the user's id now. */
export interface MergePayload {
  readonly sessionId: string;
  readonly userId: string;
  /** Items that the session bought, which may no longer be first purchases. */
  readonly boughtItemIds: readonly string[];
}

/** Events that are gone (erasure, retention), without whose they were: what they added is subtracted. */
export interface RetractPayload {
  readonly itemIds: readonly string[];
  readonly types: readonly number[];
  readonly timesS: readonly number[];
  /** First purchases that were taken back with them, and those that took their place (NaN is null: none). */
  readonly firstPurchases: readonly { readonly itemId: string; readonly oldS: number; readonly newS: number | null }[];
}

/** Slates that were shown, parallel arrays: each of their items was an impression. */
export interface SlatesPayload {
  /** Unix seconds. */
  readonly timesS: readonly number[];
  readonly itemIds: readonly (readonly string[])[];
}

/** Everything may have changed (bulk import, rebuild): recompute from the log. */
export interface ResetPayload {
  readonly reason: string;
}

/** Where a consumer stands: the last batch it has worked in, by writer. A writer that is missing: none yet. */
export type LogOffsets = Readonly<Record<string, number>>;
