import type { ProfileEvents } from '../contracts/profile.ts';
import type { KeyedProfileEvents, UnitKey } from './profile-store.ts';

/** One event as a cached profile keeps it. */
export interface ProfileEvent {
  /** First 16 hex digits of the event's key (event-key.ts): the same event twice is one event. */
  readonly key: string;
  /** '' for an event without an item. */
  readonly itemId: string;
  /** Code of contracts/events.ts. */
  readonly type: number;
  /** Unix seconds. */
  readonly timeS: number;
}

/** What a reader saw before it turned to the event log: a fill under it is refused when the unit changed meanwhile. */
export interface FillTicket {
  readonly epoch: string;
  readonly generation: string;
}

/** The cached profile, or what to fill it with afterwards. */
export type ProfileCacheRead =
  { readonly events: ProfileEvents; readonly ticket: null } | { readonly events: null; readonly ticket: FillTicket };

/**
 * Copies of profiles beside the event log, which stays the truth. A copy is whole or absent: a reader never gets one
 * that lacks an event which was applied before its read began. So events are applied after they are committed, and what
 * is absent is read from the log and filled in, unless anything happened to the unit in between.
 */
export interface ProfileCacheStore {
  /** The newest `max` events of the unit, oldest first (of equal times, by type and key). One round trip. */
  read(unit: UnitKey, max: number): Promise<ProfileCacheRead>;
  /**
   * Keeps what was read from the log after `ticket` was given: the newest `max` events, or all that there are. Returns
   * whether it was kept; it is not when the unit changed since.
   */
  fill(unit: UnitKey, ticket: FillTicket, max: number, events: KeyedProfileEvents): Promise<boolean>;
  /** Adds committed events to the copies that exist. Again, late or in another order: the same result. */
  apply(events: ReadonlyMap<UnitKey, readonly ProfileEvent[]>): Promise<void>;
  /** Drops copies whose events changed otherwise (erased, merged); call it after the change is committed. */
  forget(units: readonly UnitKey[]): Promise<void>;
  /** Drops all. */
  forgetAll(): Promise<void>;
}
