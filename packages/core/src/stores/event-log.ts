import type {
  EventsPayload,
  ItemsPayload,
  MergePayload,
  ResetPayload,
  RetractPayload,
  SlatesPayload,
} from '../contracts/log.ts';
import type { LOG_KIND } from '../contracts/log.ts';
import type { NewEvent } from './event-store.ts';
import type { Stores } from './stores.ts';

/** What one row of the log tells, by kind. */
export type LogMessage =
  | { readonly kind: typeof LOG_KIND.events; readonly payload: EventsPayload }
  | { readonly kind: typeof LOG_KIND.items; readonly payload: ItemsPayload }
  | { readonly kind: typeof LOG_KIND.merge; readonly payload: MergePayload }
  | { readonly kind: typeof LOG_KIND.retract; readonly payload: RetractPayload }
  | { readonly kind: typeof LOG_KIND.reset; readonly payload: ResetPayload }
  | { readonly kind: typeof LOG_KIND.slates; readonly payload: SlatesPayload };

/** A place in the log. */
export interface LogPlace {
  readonly writer: number;
  readonly batch: number;
}

/** What a lane runs in a transaction; `place` is that of the first message which it hands to `tell`. */
export type LaneWork<T> = (stores: Stores, tell: (message: LogMessage) => void, place: LogPlace) => Promise<T>;

/** Most events of one `LogLane.append`. */
export const LANE_EVENTS_MAX = 5_000;

/**
 * One writer of the log: a connection that begins a batch only when the one before is settled, so that what it commits
 * becomes visible in the order of its batches. Calls that overlap wait for one another; for more throughput open more
 * lanes. When the connection breaks during a commit the lane goes on under a new writer id and sends again.
 */
export interface LogLane {
  /**
   * Stores those of `events` (at most `LANE_EVENTS_MAX`) whose id is not known yet, and tells the log's consumers, in
   * one transaction that is on disk when this returns. Makes the days' partitions when they are missing.
   * Returns 1 for each event that was stored by this call, 0 for a duplicate; parallel to `events`.
   */
  append(events: readonly NewEvent[]): Promise<Uint8Array>;
  /**
   * Runs `work` in one transaction together with the log messages that it hands to `tell`. After a connection that
   * broke during the commit `work` runs again: it must do nothing twice when its changes are there already.
   */
  write<T>(work: LaneWork<T>): Promise<T>;
  close(): Promise<void>;
}

/** The write side of the log. */
export interface EventLog {
  /** Takes a connection for itself until it is closed. */
  openLane(): Promise<LogLane>;
  /**
   * Makes sure that the partitions of these UTC days exist (days since 1970-01-01) and returns how many were made.
   * Appending does so by itself; this is for doing it ahead of midnight.
   */
  ensurePartitions(days: readonly number[]): Promise<number>;
}

/** The UTC day of a time in unix seconds, in days since 1970-01-01. */
export const dayOf = (timeS: number): number => Math.floor(timeS / 86_400);
