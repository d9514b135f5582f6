import type { AppendCounts, EventBatch, EventStore, EventSummary, NewEvent, StreamRange } from '../event-store.ts';
import { toMicroseconds, type MemoryState } from './state.ts';

const isSameEvent = (a: NewEvent, b: NewEvent) =>
  a.userId === b.userId &&
  a.sessionId === b.sessionId &&
  a.itemId === b.itemId &&
  a.type === b.type &&
  a.occurredAtS === toMicroseconds(b.occurredAtS);

/** The event log in an array. */
export class MemoryEventStore implements EventStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  append(events: readonly NewEvent[]): Promise<AppendCounts> {
    const { events: log, eventIndex } = this.#state;
    const before = log.length;
    let conflicts = 0;
    for (const event of events) {
      const index = eventIndex.get(event.eventId);
      if (index !== undefined) {
        if (!isSameEvent(log[index]!, event)) conflicts += 1;
        continue;
      }
      eventIndex.set(event.eventId, log.length);
      log.push({ ...event, occurredAtS: toMicroseconds(event.occurredAtS), seq: log.length + 1 });
    }
    const inserted = log.length - before;
    return Promise.resolve({ inserted, duplicates: events.length - inserted, conflicts });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *stream({ fromS = -Infinity, beforeS = Infinity, batchMax = 20_000 }: StreamRange = {}) {
    const sorted = this.#state.events
      .filter((event) => event.occurredAtS >= fromS && event.occurredAtS < beforeS)
      .sort((a, b) => a.occurredAtS - b.occurredAtS || a.seq - b.seq);
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
    const { events } = this.#state;
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
