import { createProfile } from '@shortlist/core/catalog/to-profile.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { EMPTY_PROFILE_EVENTS, type Profile, type ProfileEvents } from '@shortlist/core/contracts/profile.ts';
import { Eligibility } from '../../eligibility.ts';
import type { RankingRequest, Unit } from '../../ranking-request.ts';
import type { ProfileCache } from './profile-cache.ts';
import { rowsOfEvents } from './rows-of-events.ts';
import { tierOf } from './tier.ts';

/** Reads the stored events of the user or session; of a user without any, those of the session sent along. */
export async function readProfile(request: RankingRequest, cache: ProfileCache | null): Promise<void> {
  if (cache === null || request.unit === null) return;
  const events = await readUnit(request, cache, request.unit);
  const { user_id: userId, session_id: sessionId } = request.body;
  if (events.itemIds.length > 0 || userId === undefined) {
    request.events = events;
    return;
  }
  if (request.parameters.coldStart === 'reject') throw new ShortlistError('user_not_found', { userId });
  if (sessionId === undefined) return;
  request.unit = { sessionId };
  request.events = await readUnit(request, cache, request.unit);
}

async function readUnit(request: RankingRequest, cache: ProfileCache, unit: Unit): Promise<ProfileEvents> {
  const { events, withoutCache } = await cache.recent(unit, request.parameters.profileEventsMax);
  if (withoutCache) request.degrade('profile_cache');
  return events;
}

/** Without the stored events: the answer is still made, from `context.recent_items` alone, and says so. */
export function withoutProfile(request: RankingRequest): void {
  request.events = EMPTY_PROFILE_EVENTS;
}

/** Puts the events into the release's rows, joined with `context.recent_items`, and decides the tier. */
export function joinProfile(request: RankingRequest): void {
  const { body, events, parameters, workspace, nowS, rules } = request;
  const { catalog } = workspace.release;
  const recent = body.context?.recent_items ?? [];
  const stored = rowsOfEvents(events, catalog);
  const profile = recent.length === 0 ? stored : withRoomFor(recent.length, stored);
  for (const id of recent) appendView(profile, catalog.rowOf(id), nowS);
  request.profile = profile;
  request.tier = tierOf(request, stored.length);
  request.eligibility = new Eligibility({ body, parameters, catalog, profile, nowS, bands: rules.bands });
}

function withRoomFor(more: number, { length, rows, types, timesS }: Profile): Profile {
  const profile = createProfile(length + more);
  profile.rows.set(rows.subarray(0, length));
  profile.types.set(types.subarray(0, length));
  profile.timesS.set(timesS.subarray(0, length));
  profile.length = length;
  return profile;
}

/** What was just seen counts as a view at the time of the request, in the order given. */
function appendView(profile: Profile, row: number, nowS: number): void {
  if (row < 0) return;
  profile.rows[profile.length] = row;
  profile.types[profile.length] = EVENT_CODE.view;
  profile.timesS[profile.length++] = nowS;
}
