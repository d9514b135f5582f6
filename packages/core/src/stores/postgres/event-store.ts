import type { AppendCounts, EventBatch, EventStore, EventSummary, NewEvent, StreamRange } from '../event-store.ts';
import { copyRows, copyValue } from './copy.ts';
import { readCursor } from './cursor.ts';
import type { Session } from './session.ts';

const BATCH_MAX = 20_000;

/** Times travel as float8 seconds; `to_timestamp` rounds them to the microsecond. */
const INCOMING = `CREATE TEMP TABLE IF NOT EXISTS incoming_events (
  event_id text, user_id text, session_id text, item_id text, type smallint, occurred_at_s float8,
  value real, quantity real, surface text, device text, request_id text, position smallint
) ON COMMIT DELETE ROWS`;

const INSERT = `INSERT INTO events
  (event_id, user_id, session_id, item_id, type, occurred_at, value, quantity, surface, device, request_id, position)
  SELECT event_id, user_id, session_id, item_id, type, to_timestamp(occurred_at_s), value, quantity, surface, device,
    request_id, position
  FROM incoming_events
  ON CONFLICT (event_id) DO NOTHING`;

const COUNT_CONFLICTS = `SELECT count(*)::float8 AS conflicts FROM incoming_events AS incoming
  JOIN events AS stored USING (event_id)
  WHERE (stored.user_id, stored.session_id, stored.item_id, stored.type, stored.occurred_at) IS DISTINCT FROM
    (incoming.user_id, incoming.session_id, incoming.item_id, incoming.type, to_timestamp(incoming.occurred_at_s))`;

const COLUMNS = `seq, user_id, session_id, item_id, type, date_part('epoch', occurred_at), value, quantity, position,
  request_id`;

const SUMMARY = `SELECT count(*)::float8 AS events, count(DISTINCT user_id)::float8 AS users,
  count(DISTINCT session_id) FILTER (WHERE user_id IS NULL)::float8 AS "anonymousSessions",
  date_part('epoch', min(occurred_at)) AS "firstS", date_part('epoch', max(occurred_at)) AS "lastS"
  FROM events`;

const toCopyRow = (event: NewEvent) =>
  `${copyValue(event.eventId)}\t${copyValue(event.userId)}\t${copyValue(event.sessionId)}\t${copyValue(event.itemId)}\t${
    event.type
  }\t${event.occurredAtS}\t${copyValue(event.value)}\t${copyValue(event.quantity)}\t${copyValue(event.surface)}\t${copyValue(
    event.device,
  )}\t${copyValue(event.requestId)}\t${copyValue(event.position)}`;

type EventRow = readonly [
  seq: string,
  userId: string | null,
  sessionId: string | null,
  itemId: string,
  type: number,
  timeS: number,
  value: number | null,
  quantity: number | null,
  position: number | null,
  requestId: string | null,
];

function toBatch(rows: readonly EventRow[]): EventBatch {
  const count = rows.length;
  const batch = {
    count,
    seqs: new Float64Array(count),
    userIds: new Array<string | null>(count),
    sessionIds: new Array<string | null>(count),
    itemIds: new Array<string>(count),
    types: new Uint8Array(count),
    timesS: new Float64Array(count),
    values: new Float32Array(count),
    quantities: new Float32Array(count),
    positions: new Int16Array(count),
    requestIds: new Array<string | null>(count),
  };
  for (let i = 0; i < count; i++) {
    const [seq, userId, sessionId, itemId, type, timeS, value, quantity, position, requestId] = rows[i]!;
    batch.seqs[i] = Number(seq);
    batch.userIds[i] = userId;
    batch.sessionIds[i] = sessionId;
    batch.itemIds[i] = itemId;
    batch.types[i] = type;
    batch.timesS[i] = timeS;
    batch.values[i] = value ?? NaN;
    batch.quantities[i] = quantity ?? NaN;
    batch.positions[i] = position ?? 0;
    batch.requestIds[i] = requestId;
  }
  return batch;
}

/** The event log in table `events`. Appends go by COPY into a temporary table, then into the log in one statement. */
export class PostgresEventStore implements EventStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  append(events: readonly NewEvent[]): Promise<AppendCounts> {
    return this.#session.transaction(async (client) => {
      await client.query(INCOMING);
      await client.query('TRUNCATE incoming_events');
      await copyRows(client, 'incoming_events', events, toCopyRow);
      const { rowCount } = await client.query(INSERT);
      const inserted = rowCount ?? 0;
      const duplicates = events.length - inserted;
      if (duplicates === 0) return { inserted, duplicates, conflicts: 0 };
      const { rows } = await client.query<{ conflicts: number }>(COUNT_CONFLICTS);
      return { inserted, duplicates, conflicts: rows[0]!.conflicts };
    });
  }

  async *stream({ fromS = -Infinity, beforeS = Infinity, batchMax = BATCH_MAX }: StreamRange = {}) {
    const text = `SELECT ${COLUMNS} FROM events
      WHERE occurred_at >= to_timestamp($1::float8) AND occurred_at < to_timestamp($2::float8)
      ORDER BY occurred_at, seq`;
    const batches = this.#session.snapshot((client) =>
      readCursor(client, { text, values: [fromS, beforeS] }, batchMax),
    );
    for await (const rows of batches) yield toBatch(rows as unknown as readonly EventRow[]);
  }

  async summary(): Promise<EventSummary> {
    const { rows } = await this.#session.queryable.query<EventSummary>(SUMMARY);
    const { events, users, anonymousSessions, firstS, lastS } = rows[0]!;
    return { events, users, anonymousSessions, firstS: firstS ?? NaN, lastS: lastS ?? NaN };
  }
}
