import type { PoolClient } from 'pg';
import type { Purchases } from '../counter-store.ts';
import { readCursor } from './cursor.ts';
import { dayOfPartition, partitionName } from './partitions.ts';

const DAY_S = 86_400;

/** From the names of the partitions, and from the index of the slates. */
const NEXT_DAY = `SELECT least(
    (SELECT min(${dayOfPartition('c.relname')} - '1970-01-01'::date)
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass
        AND ${dayOfPartition('c.relname')} >= (to_timestamp($1::float8) AT TIME ZONE 'UTC')::date),
    (SELECT floor(date_part('epoch', min(occurred_at)) / ${DAY_S})::int FROM impressions
      WHERE occurred_at >= to_timestamp($1::float8))) AS day`;

/** Rows per fetch. */
const BATCH_MAX = 20_000;

/** One of `count` parts of the items, by a hash that SQL and JavaScript both can compute (ingest/aggregator/shard.ts). */
export interface ItemShard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** SQL: whether the item in `column` is of the shard. */
export const isOfShard = (column: string, { index, count }: ItemShard): string =>
  count === 1 ? 'true' : `('x' || left(md5(${column}), 8))::bit(32)::bigint % ${count} = ${index}`;

/** Events without an order, parallel arrays. */
export interface CountedEvents {
  readonly itemIds: readonly string[];
  readonly types: readonly number[];
  /** Unix seconds. */
  readonly timesS: readonly number[];
}

/** About how many events there are: what the planner believes. */
export async function estimateEvents(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ events: number }>(
    `SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 AS events
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass`,
  );
  return rows[0]!.events;
}

/** Days (from 1970-01-01) on which there are events or slates, the first one at or after `fromS`; undefined: none. */
export async function nextCountedDay(client: PoolClient, fromS: number): Promise<number | undefined> {
  const { rows } = await client.query<{ day: number | null }>(NEXT_DAY, [fromS]);
  return rows[0]!.day ?? undefined;
}

/**
 * All that counters of a day are made of, in no order (they need none, so that nothing is sorted): events of `types`, and
 * shown slates as impressions. In the transaction that is open on `client`; make it REPEATABLE READ.
 */
export async function* streamCounted(
  client: PoolClient,
  options: {
    readonly day: number;
    readonly shard: ItemShard;
    readonly types: readonly number[];
    readonly impressionCode: number;
  },
): AsyncGenerator<CountedEvents> {
  const { day, shard, types, impressionCode } = options;
  // The day's own partition: a query on the whole table opens and plans every one of them.
  const { rows: found } = await client.query('SELECT WHERE to_regclass($1) IS NOT NULL', [partitionName(day)]);
  const events = `SELECT item_id, type, date_part('epoch', occurred_at) FROM ${partitionName(day)}
      WHERE type IN (${types.join(', ')}) AND item_id <> '' AND ${isOfShard('item_id', shard)}`;
  const slates = `SELECT item_id, ${impressionCode}, date_part('epoch', occurred_at)
      FROM impressions, unnest(item_ids) AS shown(item_id)
      WHERE occurred_at >= to_timestamp(${day * DAY_S}) AND occurred_at < to_timestamp(${(day + 1) * DAY_S})
        AND ${isOfShard('item_id', shard)}`;
  for (const text of found.length > 0 ? [events, slates] : [slates]) {
    for await (const rows of readCursor(client, { text, values: [] }, BATCH_MAX)) {
      const batch = rows as unknown as readonly [string, number, number][];
      yield {
        itemIds: batch.map(([itemId]) => itemId),
        types: batch.map(([, type]) => type),
        timesS: batch.map(([, , timeS]) => timeS),
      };
    }
  }
}

/** Gathers who bought what, from the log, in a temporary table of the open transaction: for the two below. */
export async function gatherPurchases(client: PoolClient, shard: ItemShard, purchaseCode: number): Promise<void> {
  await client.query(`CREATE TEMP TABLE bought ON COMMIT DROP AS
    SELECT item_id, CASE WHEN user_id IS NULL THEN 's:' || session_id ELSE 'u:' || user_id END AS unit,
      min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM events WHERE type = ${purchaseCode} AND item_id <> '' AND ${isOfShard('item_id', shard)}
    GROUP BY 1, 2`);
}

/** What `gatherPurchases` found, in no order. */
export async function* streamPurchases(client: PoolClient): AsyncGenerator<readonly Purchases[]> {
  const text = `SELECT item_id, unit, date_part('epoch', first_at), date_part('epoch', last_at) FROM bought`;
  for await (const rows of readCursor(client, { text, values: [] }, BATCH_MAX)) {
    const batch = rows as unknown as readonly [string, string, number, number][];
    yield batch.map(([itemId, unit, firstS, lastS]) => ({ itemId, unit, firstS, lastS }));
  }
}

/** Puts what `gatherPurchases` found in place of the buyers that are kept. */
export async function replaceBuyers(client: PoolClient, shard: ItemShard): Promise<void> {
  await client.query('ALTER TABLE bought ADD PRIMARY KEY (item_id, unit)');
  await client.query('ANALYZE bought');
  await client.query(`DELETE FROM item_buyers AS kept WHERE ${isOfShard('item_id', shard)}
    AND NOT EXISTS (SELECT FROM bought WHERE bought.item_id = kept.item_id AND bought.unit = kept.unit)`);
  await client.query(`INSERT INTO item_buyers AS kept (item_id, unit, first_at, last_at)
    SELECT item_id, unit, first_at, last_at FROM bought
    ON CONFLICT (item_id, unit) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at
    WHERE (kept.first_at, kept.last_at) IS DISTINCT FROM (excluded.first_at, excluded.last_at)`);
}

/** What the log (`said`) and the kept buyers say of one item and unit; null: nothing. */
export interface BuyerDifference {
  readonly itemId: string;
  readonly unit: string;
  readonly kept: { readonly firstS: number; readonly lastS: number } | null;
  readonly said: { readonly firstS: number; readonly lastS: number } | null;
}

/** Where the buyers that are kept differ from what `gatherPurchases` found. */
export async function* differingBuyers(
  client: PoolClient,
  shard: ItemShard,
): AsyncGenerator<readonly BuyerDifference[]> {
  const text = `SELECT item_id, unit, date_part('epoch', kept.first_at), date_part('epoch', kept.last_at),
      date_part('epoch', bought.first_at), date_part('epoch', bought.last_at)
    FROM bought FULL JOIN (SELECT * FROM item_buyers WHERE ${isOfShard('item_id', shard)}) AS kept USING (item_id, unit)
    WHERE (bought.first_at, bought.last_at) IS DISTINCT FROM (kept.first_at, kept.last_at)`;
  for await (const rows of readCursor(client, { text, values: [] }, BATCH_MAX)) {
    const batch = rows as unknown as readonly [string, string, number | null, number, number | null, number][];
    yield batch.map(([itemId, unit, keptFirstS, keptLastS, saidFirstS, saidLastS]) => ({
      itemId,
      unit,
      kept: keptFirstS === null ? null : { firstS: keptFirstS, lastS: keptLastS },
      said: saidFirstS === null ? null : { firstS: saidFirstS, lastS: saidLastS },
    }));
  }
}
