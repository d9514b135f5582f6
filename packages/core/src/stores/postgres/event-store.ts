import type { PoolClient } from 'pg';
import { EventKeys } from '../event-key.ts';
import type {
  AppendCounts,
  EventBatch,
  EventStore,
  EventSummary,
  NewEvent,
  PreparedEvents,
  StreamRange,
} from '../event-store.ts';
import { arrayParameter, ELEMENT_TYPE } from './array-parameters.ts';
import { copyEncoded, encodeRows } from './binary-copy.ts';
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

/** Whether some of these are known: then the others are worth no try at once either. */
const ANY_KNOWN = {
  name: 'any_event_key_known',
  text: 'SELECT EXISTS (SELECT FROM event_keys WHERE event_key = ANY($1::uuid[])) AS known',
};
/** Keys that are looked at for it. */
const SAMPLE = 64;

const KEYS_TABLE = { table: 'event_keys', columns: ['event_key', 'occurred_on'] };
const UNIQUE_VIOLATION = '23505';

/** Sorted, so that two writers meet the keys they share in one order and cannot wait for each other in a circle. */
const INCOMING_KEYS = `CREATE TEMP TABLE IF NOT EXISTS incoming_keys (
  event_key uuid, occurred_on date, n integer
) ON COMMIT DELETE ROWS`;
const INCOMING_KEYS_TABLE = { table: 'incoming_keys', columns: ['event_key', 'occurred_on', 'n'] };
const INSERT_KEYS = `WITH inserted AS (
  INSERT INTO event_keys SELECT event_key, occurred_on FROM incoming_keys ORDER BY event_key
  ON CONFLICT DO NOTHING RETURNING event_key
)
SELECT n FROM incoming_keys WHERE (event_key IN (SELECT event_key FROM inserted)) IS NOT TRUE`;

const INSERT_UNIT_DAYS = {
  name: 'insert_unit_days',
  text: 'INSERT INTO unit_days SELECT * FROM unnest($1::text[], $2::date[]) ON CONFLICT DO NOTHING',
};

const INCOMING_DUPLICATES = `CREATE TEMP TABLE IF NOT EXISTS incoming_duplicates (
  event_key uuid, user_id text, session_id text, item_id text, type smallint, occurred_at timestamptz
) ON COMMIT DELETE ROWS`;
const DUPLICATES_TABLE = {
  table: 'incoming_duplicates',
  columns: ['event_key', 'user_id', 'session_id', 'item_id', 'type', 'occurred_at'],
};
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

const EVENTS_TABLE = { table: 'events', columns: EVENT_COLUMNS };

const encodeEvents = (events: readonly NewEvent[], keys: EventKeys, rows: ArrayLike<number>): Buffer[] =>
  encodeRows(EVENTS_TABLE, rows.length, (writer, row) => {
    const i = rows[row]!;
    writeEvent(writer, events[i]!, keys.at(i));
  });

/** Everything that is sent, for the usual case that all of the events are new. */
class PreparedAppend implements PreparedEvents {
  readonly events: readonly NewEvent[];
  readonly keys: EventKeys;
  /** Parallel to `events`. */
  readonly days: Int32Array;
  readonly keyRows: readonly Buffer[];
  readonly eventRows: readonly Buffer[];
  /** Parameters of `INSERT_UNIT_DAYS`. */
  readonly unitDays: readonly Buffer[];

  constructor(events: readonly NewEvent[]) {
    this.events = events;
    this.keys = new EventKeys(events.map(({ eventId }) => eventId));
    this.days = Int32Array.from(events, dayOfEvent);
    const { sorted } = this.keys;
    this.keyRows = encodeRows(KEYS_TABLE, sorted.length, (writer, row) => {
      writer.bytesField(this.keys.at(sorted[row]!));
      writer.dateField(this.days[sorted[row]!]!);
    });
    this.eventRows = encodeEvents(
      events,
      this.keys,
      events.map((_, i) => i),
    );
    const { count, units, days } = new UnitDays(events);
    this.unitDays = [
      arrayParameter(ELEMENT_TYPE.text, count, (writer, i) => writer.textField(units[i])),
      arrayParameter(ELEMENT_TYPE.date, count, (writer, i) => writer.dateField(days[i]!)),
    ];
  }
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

  prepare(events: readonly NewEvent[]): PreparedEvents {
    return new PreparedAppend(events);
  }

  append(given: readonly NewEvent[] | PreparedEvents): Promise<AppendCounts> {
    const prepared =
      given instanceof PreparedAppend ? given : new PreparedAppend('events' in given ? given.events : given);
    const { events, keys, days, unitDays } = prepared;
    return this.#session.transaction(async (client) => {
      const isNew = await takeKeys(client, prepared);
      const fresh: number[] = [];
      const duplicates: number[] = [];
      for (let i = 0; i < events.length; i++) (isNew[i] === 1 ? fresh : duplicates).push(i);
      await ensurePartitions(client, [...new Set(fresh.map((i) => days[i]!))]);
      const rows = duplicates.length === 0 ? prepared.eventRows : encodeEvents(events, keys, fresh);
      await copyEncoded(client, EVENTS_TABLE, rows);
      // Of duplicates, too: their units were active on these days.
      await client.query({ ...INSERT_UNIT_DAYS, values: [...unitDays] });
      const again = duplicates.map((i) => ({ event: events[i]!, key: keys.at(i) }));
      const conflicts = again.length === 0 ? 0 : await countConflicts(client, again);
      return { inserted: fresh.length, duplicates: again.length, conflicts };
    });
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

/**
 * Takes the keys that are new; returns 1 for their first events, 0 for the others. A batch is mostly wholly new, or has
 * been there before: the new one goes straight into the table, at half the cost.
 */
async function takeKeys(client: PoolClient, { keys, days, keyRows }: PreparedAppend): Promise<Uint8Array> {
  const { sorted } = keys;
  const isNew = new Uint8Array(keys.count);
  for (const i of sorted) isNew[i] = 1;
  if (!(await isAnyKnown(client, keys))) {
    await client.query('SAVEPOINT keys');
    try {
      await copyEncoded(client, KEYS_TABLE, keyRows);
      await client.query('RELEASE SAVEPOINT keys');
      return isNew;
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      await client.query('ROLLBACK TO SAVEPOINT keys');
    }
  }
  await client.query(INCOMING_KEYS);
  await client.query('TRUNCATE incoming_keys');
  const rows = encodeRows(INCOMING_KEYS_TABLE, sorted.length, (writer, row) => {
    const i = sorted[row]!;
    writer.bytesField(keys.at(i));
    writer.dateField(days[i]!);
    writer.int32Field(i);
  });
  await copyEncoded(client, INCOMING_KEYS_TABLE, rows);
  const known = await client.query<[number]>({ text: INSERT_KEYS, rowMode: 'array' });
  for (const [i] of known.rows) isNew[i] = 0;
  return isNew;
}

async function isAnyKnown(client: PoolClient, keys: EventKeys): Promise<boolean> {
  const { sorted } = keys;
  const step = Math.max(1, Math.floor(sorted.length / SAMPLE));
  const sample: Buffer[] = [];
  for (let row = 0; row < sorted.length; row += step) sample.push(keys.at(sorted[row]!));
  const values = [arrayParameter(ELEMENT_TYPE.uuid, sample.length, (writer, i) => writer.bytesField(sample[i]!))];
  const { rows } = await client.query<{ known: boolean }>({ ...ANY_KNOWN, values });
  return rows[0]!.known;
}

/** How many of these are stored as another event. */
async function countConflicts(
  client: PoolClient,
  duplicates: readonly { readonly event: NewEvent; readonly key: Uint8Array }[],
): Promise<number> {
  await client.query(INCOMING_DUPLICATES);
  await client.query('TRUNCATE incoming_duplicates');
  const incoming = encodeRows(DUPLICATES_TABLE, duplicates.length, (writer, i) => {
    const { event, key } = duplicates[i]!;
    writer.bytesField(key);
    writer.textField(event.userId);
    writer.textField(event.sessionId);
    writer.textField(event.itemId);
    writer.int16Field(event.type);
    writer.timestampField(microsecondsOf(event.occurredAtS));
  });
  await copyEncoded(client, DUPLICATES_TABLE, incoming);
  const { rows } = await client.query<{ conflicts: number }>(COUNT_CONFLICTS);
  return rows[0]!.conflicts;
}
