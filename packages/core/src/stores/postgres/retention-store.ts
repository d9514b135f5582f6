import type { PoolClient } from 'pg';
import { EVENT_CODE } from '../../contracts/events.ts';
import { retractionsOf, type RetractedEvent } from '../retractions.ts';
import type { DroppedDay, EventPartition, RetentionStore } from '../retention-store.ts';
import { LANE_LOCK } from './log-lane.ts';
import { dateOf, dayOfPartition, partitionName } from './partitions.ts';
import type { Session } from './session.ts';

const PARTITIONS = `SELECT ${dayOfPartition('c.relname')} - date '1970-01-01' AS day,
  greatest(c.reltuples, 0)::float8 AS "eventsEstimate", pg_total_relation_size(c.oid)::float8 AS bytes
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'events'::regclass AND c.relname ~ '^events_[0-9]{8}$' ORDER BY c.relname`;

/** A DROP waits for whoever reads the log, and all others wait behind it: it must not wait long. */
const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'";

type EventRow = readonly [itemId: string, type: number, timeS: number, userId: string | null, sessionId: string | null];
type PurchaseRow = readonly [itemId: string, unit: string, firstS: number];

/** First purchases of these (item, unit) pairs from a day on. */
const NEXT_PURCHASES = `SELECT item_id, unit, date_part('epoch', min(occurred_at)) FROM (
    SELECT item_id, 'u:' || user_id AS unit, occurred_at FROM events
    WHERE type = ${EVENT_CODE.purchase} AND user_id = ANY($3) AND occurred_at >= $5::date::timestamp AT TIME ZONE 'UTC'
    UNION ALL
    SELECT item_id, 's:' || session_id, occurred_at FROM events
    WHERE type = ${EVENT_CODE.purchase} AND session_id = ANY($4) AND user_id IS NULL
      AND occurred_at >= $5::date::timestamp AT TIME ZONE 'UTC'
  ) AS bought JOIN unnest($1::text[], $2::text[]) AS asked(item_id, unit) USING (item_id, unit)
  GROUP BY item_id, unit`;

const DAYS_BEFORE = `SELECT ${dayOfPartition('c.relname')} - date '1970-01-01' AS day
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'events'::regclass AND ${dayOfPartition('c.relname')} < $1::date
  UNION
  SELECT (occurred_at AT TIME ZONE 'UTC')::date - date '1970-01-01' FROM impressions
    WHERE occurred_at < $1::date::timestamp AT TIME ZONE 'UTC'
  ORDER BY day`;

const DELETE_SLATES = `DELETE FROM impressions
  WHERE occurred_at >= $1::date::timestamp AT TIME ZONE 'UTC' AND occurred_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
  RETURNING item_ids, date_part('epoch', occurred_at)`;

/** Rows come nearly in the order of time, which its index makes use of. */
const DELETE_SLATE_EXPERIMENTS = `DELETE FROM slate_experiments
  WHERE occurred_at >= $1::date::timestamp AT TIME ZONE 'UTC' AND occurred_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'`;

const FORGET: readonly (readonly [table: string, condition: string])[] = [
  ['event_keys', 'occurred_on < $1::date'],
  ['unit_days', 'day < $1::date'],
  ['exposures', "exposed_at < $1::date::timestamp AT TIME ZONE 'UTC'"],
  ['analysis_units', "first_at < $1::date::timestamp AT TIME ZONE 'UTC'"],
  ['webhook_receipts', "received_at < $1::date::timestamp AT TIME ZONE 'UTC'"],
];

const PRUNE_LOG = `DELETE FROM log_batches b WHERE b.created_at < to_timestamp($1::float8) AND NOT EXISTS (
  SELECT FROM consumers c WHERE coalesce((c.offsets ->> b.writer::text)::bigint, 0) < b.batch)`;
/** A lane that lives holds its lock. */
const PRUNE_WRITERS = `DELETE FROM log_writers w WHERE started_at < to_timestamp($1::float8)
  AND NOT EXISTS (SELECT FROM log_batches b WHERE b.writer = w.writer)
  AND pg_try_advisory_xact_lock(${LANE_LOCK}, writer::integer)`;

const pairKey = (itemId: string, unit: string): string => JSON.stringify([itemId, unit]);

/** Drops a day's table and returns what it held. */
async function dropPartition(client: PoolClient, table: string): Promise<RetractedEvent[]> {
  // Nobody appends to it between our reading and its end.
  await client.query(`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`);
  const { rows } = await client.query({
    text: `SELECT item_id, type, date_part('epoch', occurred_at), user_id, session_id FROM ${table}`,
    rowMode: 'array',
  });
  await client.query(`DROP TABLE ${table}`);
  return (rows as unknown as readonly EventRow[]).map(([itemId, type, timeS, userId, sessionId]) => ({
    itemId,
    type,
    timeS,
    unit: userId === null ? `s:${sessionId ?? ''}` : `u:${userId}`,
  }));
}

async function nextPurchases(client: PoolClient, gone: readonly RetractedEvent[], fromDate: string) {
  const bought = gone.filter(({ type }) => type === EVENT_CODE.purchase);
  const pairs = [...new Map(bought.map((event) => [pairKey(event.itemId, event.unit), event])).values()];
  if (pairs.length === 0) return new Map<string, number>();
  const idsOf = (kind: string) =>
    pairs.filter(({ unit }) => unit.startsWith(kind)).map(({ unit }) => unit.slice(kind.length));
  const { rows } = await client.query({
    text: NEXT_PURCHASES,
    values: [pairs.map(({ itemId }) => itemId), pairs.map(({ unit }) => unit), idsOf('u:'), idsOf('s:'), fromDate],
    rowMode: 'array',
  });
  const found = rows as unknown as readonly PurchaseRow[];
  return new Map(found.map(([itemId, unit, firstS]) => [pairKey(itemId, unit), firstS]));
}

/** Retention over the partitions of `events` and what grows with them. */
export class PostgresRetentionStore implements RetentionStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async partitions(): Promise<readonly EventPartition[]> {
    const { rows } = await this.#session.queryable.query<EventPartition>(PARTITIONS);
    return rows;
  }

  async daysBefore(day: number): Promise<readonly number[]> {
    const { rows } = await this.#session.queryable.query<{ day: number }>(DAYS_BEFORE, [dateOf(day)]);
    return rows.map((row) => row.day);
  }

  dropDay(day: number): Promise<DroppedDay> {
    return this.#session.transaction(async (client) => {
      await client.query(LOCK_TIMEOUT);
      const table = partitionName(day);
      const { rows } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [table]);
      const gone = rows[0]!.exists ? await dropPartition(client, table) : [];
      const next = await nextPurchases(client, gone, dateOf(day + 1));
      await client.query('DELETE FROM unit_days WHERE day = $1', [dateOf(day)]);
      const slates = await client.query<[itemIds: string[], timeS: number]>({
        text: DELETE_SLATES,
        values: [dateOf(day)],
        rowMode: 'array',
      });
      await client.query(DELETE_SLATE_EXPERIMENTS, [dateOf(day)]);
      const shown = slates.rows.flatMap(([itemIds, timeS]) =>
        itemIds.map((itemId): RetractedEvent => ({ itemId, type: EVENT_CODE.impression, timeS, unit: '' })),
      );
      const nextOf = (itemId: string, unit: string) => next.get(pairKey(itemId, unit)) ?? null;
      const retractions = retractionsOf([...gone, ...shown], nextOf);
      return { events: gone.length, impressions: slates.rows.length, retractions };
    });
  }

  async forgetBefore(beforeDay: number): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (const [table, condition] of FORGET) {
      const { rowCount } = await this.#session.queryable.query(`DELETE FROM ${table} WHERE ${condition}`, [
        dateOf(beforeDay),
      ]);
      counts[table] = rowCount ?? 0;
    }
    return counts;
  }

  pruneLog(beforeS: number): Promise<number> {
    return this.#session.transaction(async (client) => {
      const { rowCount } = await client.query(PRUNE_LOG, [beforeS]);
      await client.query(PRUNE_WRITERS, [beforeS]);
      return rowCount ?? 0;
    });
  }
}
