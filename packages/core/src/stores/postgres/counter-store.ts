import type { PoolClient } from 'pg';
import type { BuyerChange, Purchases, StoredCounters } from '../counter-store.ts';
import { copyArray, copyRows, copyValue } from './copy.ts';
import { readCursor } from './cursor.ts';

/** What holds, and what a recount has come to so far (recount-store.ts). */
type CounterTable = 'item_counters' | 'recounted_items';

const READ_MAX = 5_000;

const INCOMING = `CREATE TEMP TABLE IF NOT EXISTS incoming_counters (LIKE item_counters) ON COMMIT DELETE ROWS`;
const upsert = (
  table: CounterTable,
) => `INSERT INTO ${table} (item_id, sums, first_purchase_s, last_purchase_s, version)
  SELECT item_id, sums, first_purchase_s, last_purchase_s, version FROM incoming_counters
  ON CONFLICT (item_id) DO UPDATE SET sums = excluded.sums, first_purchase_s = excluded.first_purchase_s,
    last_purchase_s = excluded.last_purchase_s, version = excluded.version`;

const toCopyRow = ({ itemId, sums, firstPurchaseS, lastPurchaseS, version }: StoredCounters) =>
  `${copyValue(itemId)}\t${copyArray(Array.from(sums))}\t${firstPurchaseS}\t${lastPurchaseS}\t${version}`;

/** Rows of the pairs that are asked about, and how they change. */
const BUYERS_OF_PAIRS = `SELECT item_id, unit, date_part('epoch', first_at), date_part('epoch', last_at)
  FROM unnest($1::text[], $2::text[]) AS asked(item_id, unit) JOIN item_buyers USING (item_id, unit)`;
const BUYERS_OF_UNITS = `SELECT item_id, unit, date_part('epoch', first_at), date_part('epoch', last_at)
  FROM item_buyers WHERE unit = ANY($1::text[])`;
const PUT_BUYERS = `INSERT INTO item_buyers (item_id, unit, first_at, last_at)
  SELECT item_id, unit, to_timestamp(first_s), to_timestamp(last_s)
  FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[]) AS given(item_id, unit, first_s, last_s)
  ON CONFLICT (item_id, unit) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at`;
const DELETE_BUYERS = `DELETE FROM item_buyers USING unnest($1::text[], $2::text[]) AS gone(item_id, unit)
  WHERE item_buyers.item_id = gone.item_id AND item_buyers.unit = gone.unit`;

/** Days on which units were active, as their partitions are named. */
const ACTIVE_DAYS = `SELECT DISTINCT to_char(day, 'YYYYMMDD') AS day FROM unit_days WHERE unit = ANY($1::text[])`;

/**
 * What units bought on some days, from those days' partitions alone: a query on the whole table opens and plans every
 * one of them. $1 users, $2 sessions, $3 the code of a purchase.
 */
const boughtOn = (days: readonly string[]) => `SELECT item_id, unit, date_part('epoch', min(occurred_at)),
    date_part('epoch', max(occurred_at))
  FROM (${days
    .map(
      (day) => `SELECT item_id, 'u:' || user_id AS unit, occurred_at FROM events_${day}
      WHERE user_id = ANY($1::text[]) AND type = $3
    UNION ALL SELECT item_id, 's:' || session_id, occurred_at FROM events_${day}
      WHERE session_id = ANY($2::text[]) AND user_id IS NULL AND type = $3`,
    )
    .join(' UNION ALL ')}) AS bought
  WHERE item_id <> '' GROUP BY item_id, unit`;
/** Days of one such query. */
const DAYS_MAX = 50;

const ITEM_TIMES = `SELECT item_id, date_part('epoch', min(first_at)), date_part('epoch', max(last_at))
  FROM item_buyers WHERE item_id = ANY($1::text[]) GROUP BY item_id`;

const MERGED = 'SELECT session_id, user_id FROM session_users WHERE session_id = ANY($1::text[])';

type BuyerRow = [itemId: string, unit: string, firstS: number, lastS: number];

/**
 * Counters per item and who bought what, on the connection of whoever leads. Nothing here opens a transaction: what
 * belongs together is up to the caller.
 */
export class PostgresCounterStore {
  readonly #client: PoolClient;
  readonly #table: CounterTable;

  constructor(client: PoolClient, table: CounterTable = 'item_counters') {
    this.#client = client;
    this.#table = table;
  }

  /** Counters whose version is above `afterVersion` (default: all), in batches. Within a transaction. */
  async *stream(afterVersion = -1): AsyncGenerator<readonly StoredCounters[]> {
    const text = `SELECT item_id, sums, first_purchase_s, last_purchase_s, version::float8 FROM ${this.#table}
      WHERE version > $1`;
    for await (const rows of readCursor(this.#client, { text, values: [afterVersion] }, READ_MAX)) {
      yield (rows as unknown as readonly [string, number[], number, number, number][]).map(
        ([itemId, sums, firstPurchaseS, lastPurchaseS, version]) => ({
          itemId,
          sums,
          firstPurchaseS,
          lastPurchaseS,
          version,
        }),
      );
    }
  }

  /** Puts these in place of what is stored of their items. Within a transaction. */
  async put(counters: Iterable<StoredCounters>): Promise<void> {
    await this.#client.query(INCOMING);
    await copyRows(this.#client, 'incoming_counters', counters, toCopyRow);
    await this.#client.query(upsert(this.#table));
    await this.#client.query('TRUNCATE incoming_counters');
  }

  /** Adds purchases to what the units bought before; says whose first purchase is new or has moved. */
  async addPurchases(purchases: readonly Purchases[]): Promise<readonly BuyerChange[]> {
    const { put, changes } = await this.planPurchases(purchases);
    await this.#putBuyers(put);
    return changes;
  }

  /** What `addPurchases` would write and return. At most one entry per item and unit. */
  async planPurchases(
    purchases: readonly Purchases[],
  ): Promise<{ readonly put: readonly Purchases[]; readonly changes: readonly BuyerChange[] }> {
    if (purchases.length === 0) return { put: [], changes: [] };
    const asked = [purchases.map(({ itemId }) => itemId), purchases.map(({ unit }) => unit)];
    const known = new Map((await this.#buyers(BUYERS_OF_PAIRS, asked)).map((row) => [pairOf(row), row]));
    const put: Purchases[] = [];
    const changes: BuyerChange[] = [];
    for (const { itemId, unit, firstS, lastS } of purchases) {
      const before = known.get(pairOf({ itemId, unit }));
      const merged = {
        itemId,
        unit,
        firstS: Math.min(firstS, before?.firstS ?? Infinity),
        lastS: Math.max(lastS, before?.lastS ?? -Infinity),
      };
      if (before?.firstS === merged.firstS && before.lastS === merged.lastS) continue;
      put.push(merged);
      if (before?.firstS !== merged.firstS)
        changes.push({ itemId, oldFirstS: before?.firstS ?? 0, newFirstS: merged.firstS });
    }
    return { put, changes };
  }

  /**
   * Makes what is kept of these units equal to what the log says now: after a merge or an erasure, whatever of it was
   * worked in before or comes later. `isMine` chooses the items that are kept here.
   */
  async reconcile(
    units: Iterable<string>,
    purchaseCode: number,
    isMine: (itemId: string) => boolean,
  ): Promise<readonly BuyerChange[]> {
    const all = [...units];
    if (all.length === 0) return [];
    const kept = (await this.#buyers(BUYERS_OF_UNITS, [all])).filter(({ itemId }) => isMine(itemId));
    const said = (await this.#bought(all, purchaseCode)).filter(({ itemId }) => isMine(itemId));
    const wanted = new Map(said.map((row) => [pairOf(row), row]));
    const known = new Map(kept.map((row) => [pairOf(row), row]));
    const gone = kept.filter((row) => !wanted.has(pairOf(row)));
    const put = said.filter((row) => {
      const before = known.get(pairOf(row));
      return before?.firstS !== row.firstS || before.lastS !== row.lastS;
    });
    await this.#putBuyers(put);
    if (gone.length > 0)
      await this.#client.query(DELETE_BUYERS, [gone.map(({ itemId }) => itemId), gone.map(({ unit }) => unit)]);
    return [
      ...gone.map(({ itemId, firstS }) => ({ itemId, oldFirstS: firstS, newFirstS: 0 })),
      ...put.map((row) => ({
        itemId: row.itemId,
        oldFirstS: known.get(pairOf(row))?.firstS ?? 0,
        newFirstS: row.firstS,
      })),
    ];
  }

  /** First and last purchase of each item that anybody bought, from its buyers. */
  async itemTimes(itemIds: readonly string[]): Promise<ReadonlyMap<string, { firstS: number; lastS: number }>> {
    const { rows } = await this.#client.query<[string, number, number]>({
      text: ITEM_TIMES,
      values: [itemIds],
      rowMode: 'array',
    });
    return new Map(rows.map(([itemId, firstS, lastS]) => [itemId, { firstS, lastS }]));
  }

  /** The users that some of these sessions have become. */
  async mergedSessions(sessionIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (sessionIds.length === 0) return new Map();
    const { rows } = await this.#client.query<{ session_id: string; user_id: string }>(MERGED, [sessionIds]);
    return new Map(rows.map(({ session_id, user_id }) => [session_id, user_id]));
  }

  /** What the log says that units bought. */
  async #bought(units: readonly string[], purchaseCode: number): Promise<readonly Purchases[]> {
    const { rows } = await this.#client.query<{ day: string }>(ACTIVE_DAYS, [units]);
    const idsOf = (prefix: string) => units.filter((unit) => unit.startsWith(prefix)).map((unit) => unit.slice(2));
    const values = [idsOf('u:'), idsOf('s:'), purchaseCode];
    const found = new Map<string, Purchases>();
    for (let start = 0; start < rows.length; start += DAYS_MAX) {
      const days = rows.slice(start, start + DAYS_MAX).map(({ day }) => day);
      for (const one of await this.#buyers(boughtOn(days), values)) {
        const known = found.get(pairOf(one));
        const firstS = Math.min(one.firstS, known?.firstS ?? Infinity);
        const lastS = Math.max(one.lastS, known?.lastS ?? -Infinity);
        found.set(pairOf(one), { ...one, firstS, lastS });
      }
    }
    return [...found.values()];
  }

  async #buyers(text: string, values: unknown[]): Promise<readonly Purchases[]> {
    const { rows } = await this.#client.query<BuyerRow>({ text, values, rowMode: 'array' });
    return rows.map(([itemId, unit, firstS, lastS]) => ({ itemId, unit, firstS, lastS }));
  }

  async #putBuyers(buyers: readonly Purchases[]): Promise<void> {
    if (buyers.length === 0) return;
    await this.#client.query(PUT_BUYERS, [
      buyers.map(({ itemId }) => itemId),
      buyers.map(({ unit }) => unit),
      buyers.map(({ firstS }) => firstS),
      buyers.map(({ lastS }) => lastS),
    ]);
  }
}

/** Names an item and a unit. Ids have no NUL: PostgreSQL's text cannot hold one. */
export const pairOf = ({ itemId, unit }: { readonly itemId: string; readonly unit: string }) => `${itemId}\0${unit}`;
