import type {
  AppendCounts,
  EventBatch,
  EventStore,
  EventSummary,
  NewEvent,
  PreparedEvents,
  StreamRange,
} from '../event-store.ts';
import { nextOf, toMicroseconds, type MemoryEvent, type MemoryState } from './state.ts';

const isSameEvent = (stored: NewEvent, event: NewEvent) =>
  // A session's event may have been given to a user since.
  (stored.userId === event.userId || event.userId === null) &&
  stored.sessionId === event.sessionId &&
  stored.itemId === event.itemId &&
  stored.type === event.type &&
  stored.occurredAtS === toMicroseconds(event.occurredAtS);

/** Stores those whose id is new; returns 1 for each of them, 0 for the others. */
export function storeNewEvents(state: MemoryState, events: readonly NewEvent[]): Uint8Array {
  const isFresh = new Uint8Array(events.length);
  for (const [i, event] of events.entries()) {
    if (state.events.has(event.eventId)) continue;
    const occurredAtS = toMicroseconds(event.occurredAtS);
    state.events.set(event.eventId, {
      ...event,
      occurredAtS,
      seq: nextOf(state, 'seq'),
      receivedAtS: Date.now() / 1000,
    });
    isFresh[i] = 1;
  }
  return isFresh;
}

/** In (time, arrival) order. */
export const inOrder = (events: Iterable<MemoryEvent>): MemoryEvent[] =>
  [...events].sort((a, b) => a.occurredAtS - b.occurredAtS || a.seq - b.seq);

/** Nothing can be worked out ahead here. */
class GivenEvents implements PreparedEvents {
  readonly events: NewEvent[] = [];

  get count(): number {
    return this.events.length;
  }

  add(event: NewEvent): void {
    this.events.push(event);
  }

  finish(): void {
    Object.freeze(this.events);
  }
}

/** The event log in a map. */
export class MemoryEventStore implements EventStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  prepare(): PreparedEvents {
    return new GivenEvents();
  }

  append(given: readonly NewEvent[] | PreparedEvents): Promise<AppendCounts> {
    const { events } = given instanceof GivenEvents ? given : { events: given as readonly NewEvent[] };
    const isFresh = storeNewEvents(this.#state, events);
    const counts = { inserted: 0, duplicates: 0, conflicts: 0 };
    for (const [i, event] of events.entries()) {
      if (isFresh[i] === 1) counts.inserted += 1;
      else {
        counts.duplicates += 1;
        if (!isSameEvent(this.#state.events.get(event.eventId)!, event)) counts.conflicts += 1;
      }
    }
    return Promise.resolve(counts);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *stream({ fromS = -Infinity, beforeS = Infinity, batchMax = 20_000 }: StreamRange = {}) {
    const sorted = inOrder(this.#state.events.values()).filter(
      ({ occurredAtS }) => occurredAtS >= fromS && occurredAtS < beforeS,
    );
    for (let start = 0; start < sorted.length; start += batchMax) {
      const events = sorted.slice(start, start + batchMax);
      const batch: EventBatch = {
        count: events.length,
        seqs: Float64Array.from(events, ({ seq }) => seq),
        userIds: events.map(({ userId }) => userId),
        sessionIds: events.map(({ sessionId }) => sessionId),
        itemIds: events.map(({ itemId }) => itemId),
        types: Uint8Array.from(events, ({ type }) => type),
        timesS: Float64Array.from(events, ({ occurredAtS }) => occurredAtS),
        values: Float32Array.from(events, ({ value }) => value ?? NaN),
        quantities: Float32Array.from(events, ({ quantity }) => quantity ?? NaN),
        positions: Int16Array.from(events, ({ position }) => position ?? 0),
        requestIds: events.map(({ requestId }) => requestId),
      };
      yield batch;
    }
  }

  summary(): Promise<EventSummary> {
    const events = [...this.#state.events.values()];
    const users = new Set(events.map(({ userId }) => userId).filter((id) => id !== null));
    const sessions = new Set(events.filter(({ userId }) => userId === null).map(({ sessionId }) => sessionId));
    let [firstS, lastS] = [NaN, NaN];
    for (const { occurredAtS } of events) {
      if (!(firstS <= occurredAtS)) firstS = occurredAtS;
      if (!(lastS >= occurredAtS)) lastS = occurredAtS;
    }
    const summary = { events: events.length, users: users.size, anonymousSessions: sessions.size, firstS, lastS };
    return Promise.resolve(summary);
  }
}
