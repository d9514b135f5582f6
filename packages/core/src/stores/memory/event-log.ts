import { LOG_KIND, type LogOffsets } from '../../contracts/log.ts';
import { EventKeys } from '../event-key.ts';
import { dayOf, type EventLog, type LaneWork, type LogLane, type LogMessage } from '../event-log.ts';
import type { NewEvent } from '../event-store.ts';
import { countOf, eventsPayload } from '../log-payloads.ts';
import type { LogBatch, LogTail } from '../log-tail.ts';
import type { TransactionalStores } from '../stores.ts';
import { storeNewEvents } from './event-store.ts';
import { nextOf, type MemoryState } from './state.ts';

/** A lane whose commits are instant. */
class MemoryLane implements LogLane {
  readonly #state: MemoryState;
  readonly #transaction: TransactionalStores['transaction'];
  readonly #writer: number;
  #batch = 0;

  constructor(state: MemoryState, transaction: TransactionalStores['transaction']) {
    this.#state = state;
    this.#transaction = transaction;
    this.#writer = nextOf(state, 'writer');
    state.log.set(this.#writer, []);
  }

  append(events: readonly NewEvent[]): Promise<Uint8Array> {
    const isFresh = storeNewEvents(this.#state, events);
    const fresh = events.filter((_, i) => isFresh[i] === 1);
    const keys = new EventKeys(fresh.map(({ eventId }) => eventId));
    if (fresh.length > 0) this.#tell({ kind: LOG_KIND.events, payload: eventsPayload(fresh, keys) });
    return Promise.resolve(isFresh);
  }

  write<T>(work: LaneWork<T>): Promise<T> {
    return this.#transaction(async (stores) => {
      const messages: LogMessage[] = [];
      const place = { writer: this.#writer, batch: this.#batch + 1 };
      const result = await work(stores, (message) => messages.push(message), place);
      for (const message of messages) this.#tell(message);
      return result;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #tell(message: LogMessage): void {
    const before = this.#state.log.get(this.#writer) ?? [];
    const batch = (this.#batch += 1);
    const told = { ...message, writer: this.#writer, batch, createdAtS: Date.now() / 1000, count: countOf(message) };
    this.#state.log.set(this.#writer, [...before, told]);
  }
}

/** The log in arrays, with days in place of partitions. */
export class MemoryEventLog implements EventLog {
  readonly #state: MemoryState;
  readonly #transaction: TransactionalStores['transaction'];
  readonly #days = new Set<number>();

  constructor(state: MemoryState, transaction: TransactionalStores['transaction']) {
    this.#state = state;
    this.#transaction = transaction;
  }

  openLane(): Promise<LogLane> {
    return Promise.resolve(new MemoryLane(this.#state, this.#transaction));
  }

  ensurePartitions(days: readonly number[]): Promise<number> {
    for (const { occurredAtS } of this.#state.events.values()) this.#days.add(dayOf(occurredAtS));
    const before = this.#days.size;
    for (const day of days) this.#days.add(day);
    return Promise.resolve(this.#days.size - before);
  }
}

/** The log's read side. */
export class MemoryLogTail implements LogTail {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  read(offsets: LogOffsets, eventsMax: number): Promise<readonly LogBatch[]> {
    const waiting = [...this.#state.log].map(([writer, batches]) =>
      batches.filter(({ batch }) => batch > (offsets[writer] ?? 0)),
    );
    const read: LogBatch[] = [];
    let events = 0;
    for (let round = 0; waiting.some(({ length }) => length > round); round++)
      for (const batches of waiting) {
        const batch = batches[round];
        if (batch === undefined || events >= eventsMax) continue;
        read.push(batch);
        events += batch.count;
      }
    return Promise.resolve(read);
  }

  offsetsNow(): Promise<LogOffsets> {
    return Promise.resolve(
      Object.fromEntries([...this.#state.log].map(([writer, batches]) => [writer, batches.at(-1)?.batch ?? 0])),
    );
  }
}
