import { LOG_KIND, type EventsPayload, type SlatesPayload } from '../contracts/log.ts';
import type { EventKeys } from './event-key.ts';
import type { LogMessage } from './event-log.ts';
import type { NewEvent } from './event-store.ts';
import type { Impression } from './impression-store.ts';
import { toMicroseconds } from './item-change.ts';

/** What the log tells of events; `keys` are theirs. */
export function eventsPayload(events: readonly NewEvent[], keys: EventKeys): EventsPayload {
  return {
    keys: events.map((_, i) => keys.shortHex(i)),
    userIds: events.map(({ userId }) => userId),
    sessionIds: events.map(({ sessionId }) => sessionId),
    itemIds: events.map(({ itemId }) => itemId),
    types: events.map(({ type }) => type),
    // As they are stored: a consumer that recomputes from the log gets the same numbers.
    timesS: events.map(({ occurredAtS }) => toMicroseconds(occurredAtS)),
  };
}

/** What the log tells of slates that were shown. */
export const slatesPayload = (slates: readonly Pick<Impression, 'occurredAtS' | 'itemIds'>[]): SlatesPayload => ({
  timesS: slates.map(({ occurredAtS }) => toMicroseconds(occurredAtS)),
  itemIds: slates.map(({ itemIds }) => itemIds),
});

/** Events that a message tells, an item of a slate being one; 1 for the kinds that tell of something else. */
export function countOf({ kind, payload }: LogMessage): number {
  if (kind === LOG_KIND.events) return payload.keys.length;
  if (kind === LOG_KIND.retract) return payload.types.length;
  if (kind === LOG_KIND.slates) return payload.itemIds.reduce((sum, ids) => sum + ids.length, 0);
  return 1;
}
