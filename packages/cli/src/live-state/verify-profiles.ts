import { setTimeout as sleep } from 'node:timers/promises';
import type { ProfileEvents } from '@shortlist/core/contracts/profile.ts';
import type { ProfileCacheStore } from '@shortlist/core/stores/profile-cache.ts';
import type { ProfileStore, UnitKey } from '@shortlist/core/stores/profile-store.ts';
import { unitOf } from './rebuild-profiles.ts';

/** A unit whose events are on their way is looked at again, so often and after so long. */
const LOOKS = 10;
const LOOK_AGAIN_MS = 200;
const EXAMPLES_MAX = 20;

export interface ProfilesVerdict {
  readonly compared: number;
  /** Units that had no copy (any more) when they were looked at. */
  readonly absent: number;
  readonly differences: number;
  readonly examples: readonly string[];
}

const sameEvents = (a: ProfileEvents, b: ProfileEvents): boolean =>
  a.itemIds.length === b.itemIds.length &&
  a.itemIds.every((itemId, i) => itemId === b.itemIds[i] && a.types[i] === b.types[i] && a.timesS[i] === b.timesS[i]);

/**
 * Compares cached profiles with PostgreSQL's, event by event. The two cannot be read in one moment, so a unit that
 * differs is looked at again for two seconds: what is still different then is wrong.
 */
export async function verifyProfiles(options: {
  readonly units: AsyncIterable<UnitKey>;
  readonly profiles: ProfileStore;
  readonly cache: ProfileCacheStore;
  readonly eventsMax: number;
  readonly progress: (done: number) => void;
}): Promise<ProfilesVerdict> {
  const { units, profiles, cache, eventsMax, progress } = options;
  const counts = { compared: 0, absent: 0, differences: 0 };
  const examples: string[] = [];
  /** `absent`, `same`, or what differs. */
  const look = async (unit: UnitKey): Promise<string> => {
    const { events } = await cache.read(unit, eventsMax);
    if (events === null) return 'absent';
    const truth = await profiles.recent(unitOf(unit), eventsMax);
    if (sameEvents(events, truth)) return 'same';
    return `${unit}: ${events.itemIds.length} events in the cache, ${truth.itemIds.length} in PostgreSQL`;
  };
  for await (const unit of units) {
    let found = await look(unit);
    for (let again = 1; again < LOOKS && found !== 'same' && found !== 'absent'; again++) {
      await sleep(LOOK_AGAIN_MS);
      found = await look(unit);
    }
    if (found === 'absent') counts.absent += 1;
    else counts.compared += 1;
    if (found !== 'absent' && found !== 'same') {
      counts.differences += 1;
      if (examples.length < EXAMPLES_MAX) examples.push(found);
    }
    progress(counts.compared + counts.absent);
  }
  return { ...counts, examples };
}
