import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { createProfile, toProfile } from '@shortlist/core/catalog/to-profile.ts';
import type { Profile, ProfileEvents } from '@shortlist/core/contracts/profile.ts';

interface Translated {
  readonly catalog: Catalog;
  /** Items that the catalogue had then: a later one may be what an event names. */
  readonly itemCount: number;
  readonly profile: Profile;
}

/** As long as the events are kept in memory. */
const translated = new WeakMap<ProfileEvents, Translated>();

/**
 * The events in the catalogue's rows; to be read only. Stored events do not change while they are kept, so ids, which lie
 * anywhere in a map of the catalogue's size, are looked up once and not for every request.
 */
export function rowsOfEvents(events: ProfileEvents, catalog: Catalog): Profile {
  const known = translated.get(events);
  if (known !== undefined && known.catalog === catalog && known.itemCount === catalog.count) return known.profile;
  const profile = createProfile(events.itemIds.length);
  toProfile(events, catalog, profile);
  translated.set(events, { catalog, itemCount: catalog.count, profile });
  return profile;
}
