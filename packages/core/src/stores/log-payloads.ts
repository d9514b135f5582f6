import type { EventsPayload } from '../contracts/log.ts';
import { LOG_KIND } from '../contracts/log.ts';
import type { EventKeys } from './event-key.ts';
import type { LogMessage } from './event-log.ts';
import type { NewEvent } from './event-store.ts';
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

/** Events that a message tells; 1 for the kinds that tell of something else. */
export const countOf = ({ kind, payload }: LogMessage): number =>
  kind === LOG_KIND.events ? payload.keys.length : kind === LOG_KIND.retract ? payload.types.length : 1;
