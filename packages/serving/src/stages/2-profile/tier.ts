import type { Tier } from '@shortlist/core/contracts/recommend.ts';
import type { RankingRequest } from '../../ranking-request.ts';

/**
 * How personal the answer can be, by what is known *in this release*: a user whose items are all gone from the
 * catalogue gets a fallback tier, and the answer says so. `stored`: events of the profile that the store gave.
 */
export function tierOf({ profile, unit, category }: RankingRequest, stored: number): Tier {
  if (stored > 0 && unit !== null && 'userId' in unit) return 'personalized';
  if (profile.length > 0) return 'session';
  return category >= 0 ? 'cold_start_category' : 'trending';
}
