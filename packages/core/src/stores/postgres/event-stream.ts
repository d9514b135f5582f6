import type { PoolClient } from 'pg';
import type { EventBatch, StreamRange } from '../event-store.ts';
import { readCursor } from './cursor.ts';
import { dayOfPartition } from './partitions.ts';

/** Neighbouring small days are read together until they are about as large as this, so that a round trip pays. */
const GROUP_BYTES = 8 << 20;

const COLUMNS = `seq, user_id, session_id, item_id, type, date_part('epoch', occurred_at), value, quantity, position,
  request_id`;

/** The partitions that a range of time meets, oldest first. */
const PARTITIONS = `SELECT to_char(${dayOfPartition('c.relname')}, 'YYYY-MM-DD'), pg_relation_size(c.oid)::float8
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'events'::regclass
    AND ${dayOfPartition('c.relname')} >= (to_timestamp($1::float8) AT TIME ZONE 'UTC')::date
    AND ${dayOfPartition('c.relname')} <= (to_timestamp($2::float8) AT TIME ZONE 'UTC')::date
  ORDER BY c.relname`;

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

/** First and last date of days that are read in one query. */
function groupDays(days: readonly (readonly [date: string, bytes: number])[]): [first: string, last: string][] {
  const groups: [string, string][] = [];
  let bytes = Infinity;
  for (const [date, size] of days) {
    if (bytes + size > GROUP_BYTES) {
      groups.push([date, date]);
      bytes = size;
    } else {
      groups.at(-1)![1] = date;
      bytes += size;
    }
  }
  return groups;
}

/**
 * The events of a range in (time, arrival) order, in the transaction that is open on `client`. Day after day: each
 * query sorts one partition, or some small ones, so that memory is bounded by the largest day.
 */
export async function* streamEvents(
  client: PoolClient,
  { fromS, beforeS, batchMax }: Required<StreamRange>,
): AsyncGenerator<EventBatch> {
  // Held until the end of the transaction: no partition that the list names can be dropped.
  await client.query('LOCK TABLE events IN ACCESS SHARE MODE');
  await client.query("SELECT set_config('work_mem', '64MB', true)");
  const { rows } = await client.query<[string, number]>({
    text: PARTITIONS,
    values: [fromS, beforeS],
    rowMode: 'array',
  });
  for (const [first, last] of groupDays(rows)) {
    // Dates as literals: the planner leaves out the other partitions before it opens them.
    const text = `SELECT ${COLUMNS} FROM events
      WHERE occurred_at >= '${first} 00:00:00+00' AND occurred_at < timestamptz '${last} 00:00:00+00' + interval '1 day'
        AND occurred_at >= to_timestamp($1::float8) AND occurred_at < to_timestamp($2::float8)
      ORDER BY occurred_at, seq`;
    for await (const batch of readCursor(client, { text, values: [fromS, beforeS] }, batchMax))
      yield toBatch(batch as unknown as readonly EventRow[]);
  }
}
