import type { ProfileEvents } from '@shortlist/core/contracts/profile.ts';

/** Where a profile came from, fastest first: this process, Redis, the event log in PostgreSQL. */
export const PROFILE_TIERS = ['memory', 'redis', 'log'] as const;
export type ProfileTier = (typeof PROFILE_TIERS)[number];

export interface ProfileRead {
  readonly events: ProfileEvents;
  readonly tier: ProfileTier;
  /** Whether Redis, which there should be, was not asked or did not answer. */
  readonly withoutCache: boolean;
}
