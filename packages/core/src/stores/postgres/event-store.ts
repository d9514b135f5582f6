import type { PoolClient } from 'pg';
import type { EventKeys } from '../event-key.ts';
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
import { copyEncoded, copyUnlessThere, encodeRows } from './binary-copy.ts';
import { EncodedEvents, EVENTS_TABLE, KEYS_TABLE } from './encoded-events.ts';
import { streamEvents } from './event-stream.ts';
import { ensurePartitions } from './partitions.ts';
import type { Session } from './session.ts';
import type { UnitDays } from './unit-days.ts';

/** Whether some of these are known: then the others are worth no try at once either. */
const ANY_KNOWN = {
  name: 'any_event_key_known',
  text: 'SELECT EXISTS (SELECT FROM event_keys WHERE event_key = ANY($1::uuid[])) AS known',
};
/** Keys that are looked at for it. */
const SAMPLE = 64;

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

/** Events that one number of the sequence serves: it begins a block. */
const SEQ_BLOCK = 65_536;
const TAKE_BLOCKS = {
  name: 'take_seq_blocks',
  text: "SELECT nextval('events_seq')::float8 FROM generate_series(1, $1)",
};

const UNIT_DAYS_TABLE = { table: 'unit_days', columns: ['unit', 'day'] };
const INSERT_UNIT_DAYS = {
  name: 'insert_unit_days',
  text: 'INSERT INTO unit_days SELECT * FROM unnest($1::text[], $2::date[]) ON CONFLICT DO NOTHING',
};

const INCOMING_DUPLICATES = `CREATE TEMP TABLE IF NOT EXISTS incoming_duplicates (LIKE events INCLUDING DEFAULTS)
  ON COMMIT DELETE ROWS`;
const DUPLICATES_TABLE = { ...EVENTS_TABLE, table: 'incoming_duplicates' };
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

/**
 * The event log in the day partitions of `events`. Appends in bulk, by COPY; the log's consumers are not told (see
 * event-log.ts for the way that tells them).
 */
export class PostgresEventStore implements EventStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  prepare(): PreparedEvents {
    return new EncodedEvents();
  }

  append(given: readonly NewEvent[] | PreparedEvents): Promise<AppendCounts> {
    const events = given instanceof EncodedEvents ? given : EncodedEvents.of(given as readonly NewEvent[]);
    return this.#session.transaction(async (client) => {
      const isNew = await takeKeys(client, events);
      const fresh: number[] = [];
      const duplicates: number[] = [];
      for (let i = 0; i < events.count; i++) (isNew[i] === 1 ? fresh : duplicates).push(i);
      const newDays = await ensurePartitions(client, [...new Set(fresh.map((i) => events.days[i]!))]);
      const seqOf = await takeSeqs(client, fresh.length);
      await copyEncoded(client, EVENTS_TABLE, events.rowsOf(fresh, seqOf));
      // Of duplicates, too: their units were active on these days.
      await noteUnitDays(client, events.unitDays, new Set(newDays));
      const conflicts = duplicates.length === 0 ? 0 : await countConflicts(client, events, duplicates);
      return { inserted: fresh.length, duplicates: duplicates.length, conflicts };
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
async function takeKeys(client: PoolClient, { keys, keyRows, days }: EncodedEvents): Promise<Uint8Array> {
  const { sorted } = keys;
  const isNew = new Uint8Array(keys.count);
  for (const i of sorted) isNew[i] = 1;
  if (!(await isAnyKnown(client, keys)) && (await copyUnlessThere(client, KEYS_TABLE, [keyRows]))) return isNew;
  await client.query(INCOMING_KEYS);
  await client.query('TRUNCATE incoming_keys');
  const rows = encodeRows(INCOMING_KEYS_TABLE, sorted.length, (writer, row) => {
    const i = sorted[row]!;
    writer.bytesField(keys.at(i));
    writer.dateField(days[i]!);
    writer.int32Field(i);
  });
  await copyEncoded(client, INCOMING_KEYS_TABLE, [rows]);
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

/** Numbers for `count` events, larger than all that were taken before. */
async function takeSeqs(client: PoolClient, count: number): Promise<(place: number) => number> {
  const values = [Math.ceil(count / SEQ_BLOCK)];
  const { rows } = await client.query<[number]>({ ...TAKE_BLOCKS, values, rowMode: 'array' });
  return (place) => rows[Math.floor(place / SEQ_BLOCK)]![0] + (place % SEQ_BLOCK);
}

/** A day that had no partition had no units either: its rows go straight into the table, at half the cost. */
async function noteUnitDays(client: PoolClient, unitDays: UnitDays, newDays: ReadonlySet<number>): Promise<void> {
  const first = unitDays.rows((day) => newDays.has(day));
  const encoded = encodeRows(UNIT_DAYS_TABLE, first.count, (writer, i) => {
    writer.textField(first.units[i]);
    writer.dateField(first.days[i]!);
  });
  const isDone = first.count > 0 && (await copyUnlessThere(client, UNIT_DAYS_TABLE, [encoded]));
  const { count, units, days } = unitDays.rows((day) => !(isDone && newDays.has(day)));
  const values = [
    arrayParameter(ELEMENT_TYPE.text, count, (writer, i) => writer.textField(units[i])),
    arrayParameter(ELEMENT_TYPE.date, count, (writer, i) => writer.dateField(days[i]!)),
  ];
  await client.query({ ...INSERT_UNIT_DAYS, values });
}

/** How many of these are stored as another event. */
async function countConflicts(client: PoolClient, events: EncodedEvents, duplicates: readonly number[]) {
  await client.query(INCOMING_DUPLICATES);
  await client.query('TRUNCATE incoming_duplicates');
  await copyEncoded(
    client,
    DUPLICATES_TABLE,
    events.rowsOf(duplicates, () => 0),
  );
  const { rows } = await client.query<{ conflicts: number }>(COUNT_CONFLICTS);
  return rows[0]!.conflicts;
}
