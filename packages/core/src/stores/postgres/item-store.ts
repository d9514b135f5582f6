import type { PoolClient } from 'pg';
import type { Item, ItemAttributes, ItemStore, UpsertCounts } from '../item-store.ts';
import { copyRows, copyValue } from './copy.ts';
import { readCursor } from './cursor.ts';
import type { Session } from './session.ts';

const BATCH_MAX = 10_000;

const INCOMING = `CREATE TEMP TABLE IF NOT EXISTS incoming_items (
  item_id text, title text, category text, brand text, price real, available boolean, created_at_s float8,
  attributes jsonb
) ON COMMIT DELETE ROWS`;

const INSERT = `INSERT INTO items AS stored
  (item_id, title, category, brand, price, available, created_at, attributes)
  SELECT item_id, title, category, brand, price, available, to_timestamp(created_at_s), attributes
  FROM incoming_items`;

const UPSERT = `WITH changed AS (
  ${INSERT}
  ON CONFLICT (item_id) DO UPDATE SET
    title = excluded.title, category = excluded.category, brand = excluded.brand, price = excluded.price,
    available = excluded.available, created_at = excluded.created_at, attributes = excluded.attributes,
    updated_at = now()
  WHERE (stored.title, stored.category, stored.brand, stored.price, stored.available, stored.created_at, stored.attributes)
    IS DISTINCT FROM (excluded.title, excluded.category, excluded.brand, excluded.price, excluded.available,
      excluded.created_at, excluded.attributes)
  RETURNING xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted)::float8 AS inserted, count(*) FILTER (WHERE NOT inserted)::float8 AS updated
FROM changed`;

const COLUMNS = "item_id, title, category, brand, price, available, date_part('epoch', created_at), attributes";

const toCopyRow = (item: Item) =>
  [
    copyValue(item.itemId),
    copyValue(item.title),
    copyValue(item.category),
    copyValue(item.brand),
    copyValue(item.price),
    copyValue(item.available),
    copyValue(item.createdAtS),
    copyValue(JSON.stringify(item.attributes)),
  ].join('\t');

type ItemRow = readonly [string, string, string, string, number, boolean, number, ItemAttributes];

const toItem = ([itemId, title, category, brand, price, available, createdAtS, attributes]: ItemRow): Item => ({
  itemId,
  title,
  category,
  brand,
  // The column is real: give the float32 itself, not its shortest decimal.
  price: Math.fround(price),
  available,
  createdAtS,
  attributes,
});

async function copyItems(client: PoolClient, items: readonly Item[]): Promise<void> {
  // One statement cannot change a row twice: the last of several with one id counts.
  const last = new Map(items.map((item) => [item.itemId, item]));
  await client.query(INCOMING);
  await client.query('TRUNCATE incoming_items');
  await copyRows(client, 'incoming_items', last.values(), toCopyRow);
}

/** The catalogue in table `items`. */
export class PostgresItemStore implements ItemStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  upsert(items: readonly Item[]): Promise<UpsertCounts> {
    return this.#session.transaction(async (client) => {
      await copyItems(client, items);
      const { rows } = await client.query<{ inserted: number; updated: number }>(UPSERT);
      const { inserted, updated } = rows[0]!;
      return { inserted, updated, unchanged: items.length - inserted - updated };
    });
  }

  insertMissing(items: readonly Item[]): Promise<number> {
    return this.#session.transaction(async (client) => {
      await copyItems(client, items);
      const { rowCount } = await client.query(`${INSERT} ON CONFLICT (item_id) DO NOTHING`);
      return rowCount ?? 0;
    });
  }

  async *stream(batchMax = BATCH_MAX) {
    const text = `SELECT ${COLUMNS} FROM items ORDER BY item_id COLLATE "C"`;
    const batches = this.#session.snapshot((client) => readCursor(client, { text, values: [] }, batchMax));
    for await (const rows of batches) yield (rows as unknown as readonly ItemRow[]).map(toItem);
  }

  async count(): Promise<number> {
    const { rows } = await this.#session.queryable.query<{ count: number }>('SELECT count(*)::float8 FROM items');
    return rows[0]!.count;
  }
}
