import type { PoolClient } from 'pg';
import { EventKeys } from '../event-key.ts';
import type { AppendCounts, EventBatch, EventStore, EventSummary, NewEvent, StreamRange } from '../event-store.ts';
import { copyBinary } from './binary-copy.ts';
import { microsecondsOf, type BinaryWriter } from './binary-values.ts';
import { streamEvents } from './event-stream.ts';
import { ensurePartitions } from './partitions.ts';
import type { Session } from './session.ts';
import { dayOfEvent, UnitDays } from './unit-days.ts';

/** Columns of an event as they are sent, in the order of `writeEvent`. */
export const EVENT_COLUMNS = [
  ...['event_key', 'event_id', 'user_id', 'session_id', 'item_id', 'type', 'occurred_at', 'value', 'quantity'],
  ...['surface', 'device', 'request_id', 'position', 'custom_type', 'query'],
] as const;

/** Sorted, so that two writers meet the keys they share in one order and cannot wait for each other in a circle. */
const INCOMING_KEYS = `CREATE TEMP TABLE IF NOT EXISTS incoming_keys (
  event_key uuid, occurred_on date, n integer
) ON COMMIT DELETE ROWS`;
const INSERT_KEYS = `WITH inserted AS (
  INSERT INTO event_keys SELECT event_key, occurred_on FROM incoming_keys ORDER BY event_key
  ON CONFLICT DO NOTHING RETURNING event_key
)
SELECT n FROM incoming_keys WHERE (event_key IN (SELECT event_key FROM inserted)) IS NOT TRUE`;

const INCOMING_UNIT_DAYS = `CREATE TEMP TABLE IF NOT EXISTS incoming_unit_days (
  unit text, day date
) ON COMMIT DELETE ROWS`;
const INSERT_UNIT_DAYS = 'INSERT INTO unit_days SELECT unit, day FROM incoming_unit_days ON CONFLICT DO NOTHING';

const INCOMING_DUPLICATES = `CREATE TEMP TABLE IF NOT EXISTS incoming_duplicates (
  event_key uuid, user_id text, session_id text, item_id text, type smallint, occurred_at timestamptz
) ON COMMIT DELETE ROWS`;
/** Looked for under the user and under the session: a session's events may have been given to a user since. */
const COUNT_CONFLICTS = `SELECT count(*)::float8 AS conflicts FROM incoming_duplicates AS incoming
  WHERE NOT EXISTS (SELECT FROM events AS stored
      WHERE stored.user_id = incoming.user_id AND stored.occurred_at = incoming.occurred_at
        AND stored.event_key = incoming.event_key AND stored.item_id = incoming.item_id AND stored.type = incoming.type
        AND stored.session_id IS NOT DISTINCT FROM incoming.session_id)
    AND NOT EXISTS (SELECT FROM events AS stored
      WHERE stored.session_id = incoming.session_id AND stored.occurred_at = incoming.occurred_at
        AND stored.event_key = incoming.event_key AND stored.item_id = incoming.item_id AND stored.type = incoming.type
        AND incoming.user_id IS NULL)`;

const SUMMARY = `SELECT count(*)::float8 AS events, count(DISTINCT user_id)::float8 AS users,
  count(DISTINCT session_id) FILTER (WHERE user_id IS NULL)::float8 AS "anonymousSessions",
  date_part('epoch', min(occurred_at)) AS "firstS", date_part('epoch', max(occurred_at)) AS "lastS"
  FROM events`;

function writeEvent(writer: BinaryWriter, event: NewEvent, key: Uint8Array): void {
  writer.bytesField(key);
  writer.textField(event.eventId);
  writer.textField(event.userId);
  writer.textField(event.sessionId);
  writer.textField(event.itemId);
  writer.int16Field(event.type);
  writer.timestampField(microsecondsOf(event.occurredAtS));
  writer.float4Field(event.value);
  writer.float4Field(event.quantity);
  writer.textField(event.surface);
  writer.textField(event.device);
  writer.textField(event.requestId);
  writer.int16Field(event.position);
  writer.textField(event.customType);
  writer.textField(event.query);
}

/**
 * The event log in the day partitions of `events`. Appends in bulk, by COPY; the log's consumers are not told (see
 * event-log.ts for the way that tells them).
 */
export class PostgresEventStore implements EventStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  append(events: readonly NewEvent[]): Promise<AppendCounts> {
    return this.#session.transaction(async (client) => {
      const keys = new EventKeys(events.map(({ eventId }) => eventId));
      const days = Int32Array.from(events, dayOfEvent);
      const isNew = await this.#takeKeys(client, keys, days);
      const fresh: number[] = [];
      const duplicates: number[] = [];
      for (let i = 0; i < events.length; i++) (isNew[i] === 1 ? fresh : duplicates).push(i);
      await ensurePartitions(client, [...new Set(fresh.map((i) => days[i]!))]);
      await copyBinary(client, { table: 'events', columns: EVENT_COLUMNS }, fresh.length, (writer, row) => {
        const i = fresh[row]!;
        writeEvent(writer, events[i]!, keys.at(i));
      });
      await insertUnitDays(client, fresh.length === events.length ? events : fresh.map((i) => events[i]!));
      const again = duplicates.map((i) => ({ event: events[i]!, key: keys.at(i) }));
      const conflicts = again.length === 0 ? 0 : await countConflicts(client, again);
      return { inserted: fresh.length, duplicates: again.length, conflicts };
    });
  }

  /** Returns 1 for each event whose key is new, and is taken now. */
  async #takeKeys(client: PoolClient, keys: EventKeys, days: Int32Array): Promise<Uint8Array> {
    const isNew = new Uint8Array(keys.count);
    for (const i of keys.sorted) isNew[i] = 1;
    const writeKey = (writer: BinaryWriter, i: number) => {
      writer.bytesField(keys.at(i));
      writer.dateField(days[i]!);
    };
    await client.query(INCOMING_KEYS);
    await client.query('TRUNCATE incoming_keys');
    const target = { table: 'incoming_keys', columns: ['event_key', 'occurred_on', 'n'] };
    await copyBinary(client, target, keys.sorted.length, (writer, row) => {
      writeKey(writer, keys.sorted[row]!);
      writer.int32Field(keys.sorted[row]!);
    });
    const { rows } = await client.query<[number]>({ text: INSERT_KEYS, rowMode: 'array' });
    for (const [i] of rows) isNew[i] = 0;
    return isNew;
  }

  stream({ fromS = -Infinity, beforeS = Infinity, batchMax = 20_000 }: StreamRange = {}): AsyncIterable<EventBatch> {
    return this.#session.snapshot((client) => streamEvents(client, { fromS, beforeS, batchMax }));
  }

  async summary(): Promise<EventSummary> {
    const { rows } = await this.#session.queryable.query<EventSummary>(SUMMARY);
    const { events, users, anonymousSessions, firstS, lastS } = rows[0]!;
    return { events, users, anonymousSessions, firstS: firstS ?? NaN, lastS: lastS ?? NaN };
  }
}

async function insertUnitDays(client: PoolClient, events: readonly NewEvent[]): Promise<void> {
  const active = new UnitDays(events);
  await client.query(INCOMING_UNIT_DAYS);
  await client.query('TRUNCATE incoming_unit_days');
  const target = { table: 'incoming_unit_days', columns: ['unit', 'day'] };
  await copyBinary(client, target, active.count, (writer, i) => {
    writer.textField(active.units[i]);
    writer.dateField(active.days[i]!);
  });
  await client.query(INSERT_UNIT_DAYS);
}

/** How many of these are stored as another event. */
async function countConflicts(
  client: PoolClient,
  duplicates: readonly { readonly event: NewEvent; readonly key: Uint8Array }[],
): Promise<number> {
  await client.query(INCOMING_DUPLICATES);
  await client.query('TRUNCATE incoming_duplicates');
  const columns = ['event_key', 'user_id', 'session_id', 'item_id', 'type', 'occurred_at'];
  await copyBinary(client, { table: 'incoming_duplicates', columns }, duplicates.length, (writer, i) => {
    const { event, key } = duplicates[i]!;
    writer.bytesField(key);
    writer.textField(event.userId);
    writer.textField(event.sessionId);
    writer.textField(event.itemId);
    writer.int16Field(event.type);
    writer.timestampField(microsecondsOf(event.occurredAtS));
  });
  const { rows } = await client.query<{ conflicts: number }>(COUNT_CONFLICTS);
  return rows[0]!.conflicts;
}
