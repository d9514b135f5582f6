import { EventKeys } from '../event-key.ts';
import type { NewEvent, PreparedEvents } from '../event-store.ts';
import { encodeRows } from './binary-copy.ts';
import { BinaryWriter, dayOfMicroseconds, microsecondsOf } from './binary-values.ts';
import { UnitDays } from './unit-days.ts';

/** Columns of an event as they are sent, in the order in which `add` writes them. */
const COLUMNS = [
  ...['seq', 'event_key', 'event_id', 'user_id', 'session_id', 'item_id', 'type', 'occurred_at', 'value', 'quantity'],
  ...['surface', 'device', 'request_id', 'position', 'custom_type', 'query'],
] as const;

export const EVENTS_TABLE = { table: 'events', columns: COLUMNS };
export const KEYS_TABLE = { table: 'event_keys', columns: ['event_key', 'occurred_on'] };

/** From the start of a row to its first field's value: the number of columns and the field's length. */
const SEQ_OFFSET = 2 + 4;

/** Events in the form in which COPY takes them, and no other: objects that outlive a batch cost more than their rows. */
export class EncodedEvents implements PreparedEvents {
  readonly keys = new EventKeys();
  readonly unitDays = new UnitDays();
  /** Parallel to the events: UTC days from 1970-01-01. */
  readonly days: number[] = [];
  /** Rows of `KEYS_TABLE` for the distinct keys, ascending; after `finish`. */
  keyRows: Buffer = Buffer.alloc(0);
  readonly #rows = new BinaryWriter();
  /** Where each event's row ends. */
  readonly #ends: number[] = [];

  static of(events: readonly NewEvent[]): EncodedEvents {
    const encoded = new EncodedEvents();
    for (const event of events) encoded.add(event);
    encoded.finish();
    return encoded;
  }

  get count(): number {
    return this.days.length;
  }

  add(event: NewEvent): void {
    const { keys } = this;
    const us = microsecondsOf(event.occurredAtS);
    const day = dayOfMicroseconds(us);
    keys.add(event.eventId);
    this.days.push(day);
    this.unitDays.add(event, day);
    const rows = this.#rows;
    rows.int16(COLUMNS.length);
    rows.int64Field(0);
    rows.bytesField(keys.at(keys.count - 1));
    rows.textField(event.eventId);
    rows.textField(event.userId);
    rows.textField(event.sessionId);
    rows.textField(event.itemId);
    rows.int16Field(event.type);
    rows.timestampField(us);
    rows.float4Field(event.value);
    rows.float4Field(event.quantity);
    rows.textField(event.surface);
    rows.textField(event.device);
    rows.textField(event.requestId);
    rows.int16Field(event.position);
    rows.textField(event.customType);
    rows.textField(event.query);
    this.#ends.push(rows.length);
  }

  finish(): void {
    const { keys, days } = this;
    const { sorted } = keys;
    this.keyRows = encodeRows(KEYS_TABLE, sorted.length, (writer, row) => {
      writer.bytesField(keys.at(sorted[row]!));
      writer.dateField(days[sorted[row]!]!);
    });
  }

  /** Rows of `EVENTS_TABLE` for the events at `indexes` (ascending), whose seqs are `seqOf` their place therein. */
  rowsOf(indexes: readonly number[], seqOf: (place: number) => number): Buffer[] {
    const pieces: Buffer[] = [];
    const { written } = this.#rows;
    let from = 0;
    let until = 0;
    for (const [place, index] of indexes.entries()) {
      const start = index === 0 ? 0 : this.#ends[index - 1]!;
      this.#rows.patchInt64(start + SEQ_OFFSET, seqOf(place));
      if (start !== until) {
        if (until > from) pieces.push(written.subarray(from, until));
        from = start;
      }
      until = this.#ends[index]!;
    }
    if (until > from) pieces.push(written.subarray(from, until));
    return pieces;
  }
}
