import type { ProfileEvents } from '../contracts/profile.ts';

/** Whose events: a user's, or those of an anonymous session. */
export type ProfileUnit = { readonly userId: string } | { readonly sessionId: string };

export interface ProfileStore {
  /** The newest `max` events of the unit, oldest first; empty for an unknown one. */
  recent(unit: ProfileUnit, max: number): Promise<ProfileEvents>;
}
