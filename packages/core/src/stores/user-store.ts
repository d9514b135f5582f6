import type { LogOffsets, MergePayload, RetractPayload } from '../contracts/log.ts';
import type { ItemAttributes } from './item-store.ts';

export interface UserRecord {
  readonly userId: string;
  readonly attributes: ItemAttributes;
}

/** One event as it is kept, for its owner. */
export interface ExportedEvent {
  readonly eventId: string;
  /** Code of contracts/events.ts, and the shop's own name of the type if it has one. */
  readonly type: number;
  readonly customType: string | null;
  readonly itemId: string;
  readonly sessionId: string | null;
  /** Unix seconds. */
  readonly occurredAtS: number;
  readonly receivedAtS: number;
  readonly value: number | null;
  readonly quantity: number | null;
  readonly query: string | null;
  readonly surface: string | null;
  readonly device: string | null;
  readonly requestId: string | null;
  readonly position: number | null;
}

export interface MergeResult {
  /** Events that have the user's id now. */
  readonly events: number;
  readonly payload: MergePayload;
}

export interface ErasureReceipt {
  readonly receipt: string;
  /** Unix seconds. */
  readonly requestedAtS: number;
  /** Null: consumers of the log have yet to pass what they may still read about the user. */
  readonly completedAtS: number | null;
  /** Rows that were removed, by table. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface ErasureResult {
  readonly receipt: ErasureReceipt;
  /** Profiles to forget: `u:<user id>`, `s:<session id>`. */
  readonly units: readonly string[];
  /** What to take back, in messages of at most 5,000 events. */
  readonly retractions: readonly RetractPayload[];
}

/** Shoppers: attributes, sessions that became known, erasure and export. */
export interface UserStore {
  /** Sets the attributes of each user as given; of several with one id the last counts. */
  put(users: readonly UserRecord[]): Promise<void>;
  get(userId: string): Promise<UserRecord | undefined>;
  /**
   * Gives the session's anonymous events and slates to the user. Run it in `LogLane.write` and tell the payload
   * (kind merge) when events > 0. Twice is once.
   */
  merge(sessionId: string, userId: string): Promise<MergeResult>;
  /**
   * Removes everything of the user and of the anonymous sessions that are theirs. Run it in `LogLane.write` and tell
   * each of `retractions` (kind retract). What the log itself still says about the user goes with `completeErasures`.
   */
  erase(userId: string): Promise<ErasureResult>;
  /**
   * Finishes erasures whose traces every consumer has passed: removes those batches from the log, and what consumers
   * wrote meanwhile. Returns the receipts that are complete now. `consumers` = offsets by name; default: those stored.
   */
  completeErasures(consumers?: Readonly<Record<string, LogOffsets>>): Promise<readonly ErasureReceipt[]>;
  /** A receipt by its id. */
  erasure(receipt: string): Promise<ErasureReceipt | undefined>;
  /** The user's events, oldest first, in batches of at most `batchMax` (default 5,000). */
  exportEvents(userId: string, batchMax?: number): AsyncIterable<readonly ExportedEvent[]>;
}
