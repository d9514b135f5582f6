/** Longest payload that is kept; the rest is cut off. */
export const REJECTED_PAYLOAD_BYTES_MAX = 65_536;

/** Something that came in and could not be taken. */
export interface NewRejected {
  /** Which way it came: `api`, `webhook`. */
  readonly source: string;
  /** At which step it fell out: `parse`, `validate`, `time`, `store`. */
  readonly stage: string;
  /** Code of contracts/errors.ts. */
  readonly code: string;
  readonly reason: string;
  /** The bytes as they came. */
  readonly payload: Uint8Array;
}

export interface Rejected extends NewRejected {
  readonly id: number;
  /** Unix seconds. */
  readonly receivedAtS: number;
  /** When it was taken after all; null: it was not. */
  readonly replayedAtS: number | null;
}

export interface RejectedFilter {
  readonly stage?: string;
  readonly code?: string;
  /** Those that were replayed as well; default false. */
  readonly replayed?: boolean;
}

/** Events that were rejected, to look at and to take after a fix. */
export interface RejectedStore {
  add(rejected: readonly NewRejected[]): Promise<void>;
  /** At most `max` with ids above `afterId` (0: from the first), ascending. */
  list(filter: RejectedFilter, afterId: number, max: number): Promise<readonly Rejected[]>;
  markReplayed(ids: readonly number[]): Promise<void>;
  count(filter?: RejectedFilter): Promise<number>;
  /** Forgets those that came before (unix seconds); returns how many. */
  prune(beforeS: number): Promise<number>;
}
