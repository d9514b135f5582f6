import type { ProfileEvents } from '../contracts/profile.ts';

/** Whose events: a user's, or those of an anonymous session. */
export type ProfileUnit = { readonly userId: string } | { readonly sessionId: string };

/** `u:<user id>` or `s:<session id>`. */
export type UnitKey = `u:${string}` | `s:${string}`;

export function unitKeyOf(unit: ProfileUnit): UnitKey {
  return 'userId' in unit ? `u:${unit.userId}` : `s:${unit.sessionId}`;
}

/** Events with their names, so that a copy of them can tell an event that it has from one that it lacks. */
export interface KeyedProfileEvents extends ProfileEvents {
  /** First 16 hex digits of each event's key (event-key.ts), parallel to `itemIds`. */
  readonly keys: readonly string[];
}

export interface ProfileStore {
  /** The newest `max` events of the unit, oldest first; empty for an unknown one. */
  recent(unit: ProfileUnit, max: number): Promise<KeyedProfileEvents>;
}
