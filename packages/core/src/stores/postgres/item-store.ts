import type { PoolClient } from 'pg';
import { applyItem, applyPatch, toItem, type ItemChange } from '../item-change.ts';
import type {
  Item,
  ItemAttributes,
  ItemOutcome,
  ItemPatch,
  ItemStore,
  NewItem,
  StoredItem,
  UpsertCounts,
} from '../item-store.ts';
import { readCursor } from './cursor.ts';
import type { Session } from './session.ts';

const BATCH_MAX = 10_000;

const COLUMNS = `item_id, title, category, brand, price, available, date_part('epoch', created_at), attributes, offered,
  stock, hidden, deleted, version, source_version`;

/** In one order everywhere, so that two writers cannot wait for each other in a circle. */
const LOCK = `SELECT ${COLUMNS} FROM items WHERE item_id = ANY($1) ORDER BY item_id FOR UPDATE`;

const INCOMING = `json_to_recordset($1) AS incoming (item_id text, title text, category text, brand text, price real,
  created_at_us bigint, attributes jsonb, offered boolean, stock integer, hidden boolean, deleted boolean,
  source_version float8)`;
const CREATED_AT = `timestamptz 'epoch' + created_at_us * interval '1 microsecond'`;

const INSERT = `INSERT INTO items
  (item_id, title, category, brand, price, created_at, attributes, offered, stock, hidden, deleted, source_version)
  SELECT item_id, title, category, brand, price, ${CREATED_AT}, attributes, offered, stock, hidden, deleted, source_version
  FROM ${INCOMING} ORDER BY item_id
  ON CONFLICT (item_id) DO NOTHING RETURNING item_id`;

/** The rows are locked, so that the sequence gives each item's versions in the order of its changes. */
const UPDATE = `UPDATE items SET title = incoming.title, category = incoming.category, brand = incoming.brand,
  price = incoming.price, created_at = ${CREATED_AT}, attributes = incoming.attributes, offered = incoming.offered,
  stock = incoming.stock, hidden = incoming.hidden, deleted = incoming.deleted,
  source_version = incoming.source_version, version = nextval('item_versions'), updated_at = now()
  FROM ${INCOMING} WHERE items.item_id = incoming.item_id`;

type ItemRow = readonly [
  itemId: string,
  title: string,
  category: string,
  brand: string,
  price: number,
  available: boolean,
  createdAtS: number,
  attributes: ItemAttributes,
  offered: boolean,
  stock: number | null,
  hidden: boolean,
  deleted: boolean,
  version: string,
  sourceVersion: number | null,
];

const toStored = (row: ItemRow): StoredItem => ({
  itemId: row[0],
  title: row[1],
  category: row[2],
  brand: row[3],
  // The column is real: give the float32 itself, not its shortest decimal.
  price: Math.fround(row[4]),
  available: row[5],
  createdAtS: row[6],
  attributes: row[7],
  offered: row[8],
  stock: row[9],
  hidden: row[10],
  deleted: row[11],
  version: Number(row[12]),
  sourceVersion: row[13],
});

const toRecord = (item: Omit<StoredItem, 'version'>) => ({
  item_id: item.itemId,
  title: item.title,
  category: item.category,
  brand: item.brand,
  price: item.price,
  created_at_us: Math.round(item.createdAtS * 1e6),
  attributes: item.attributes,
  offered: item.offered,
  stock: item.stock,
  hidden: item.hidden,
  deleted: item.deleted,
  source_version: item.sourceVersion,
});

/** The catalogue in table `items`. Rows are locked, changed here by the rules of item-change.ts, and written back. */
export class PostgresItemStore implements ItemStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async upsert(items: readonly NewItem[]): Promise<UpsertCounts> {
    const counts = { inserted: 0, updated: 0, unchanged: 0 };
    for (const outcome of await this.put(items))
      counts[outcome === 'inserted' || outcome === 'updated' ? outcome : 'unchanged'] += 1;
    return counts;
  }

  put(items: readonly NewItem[]): Promise<readonly ItemOutcome[]> {
    return this.#write(items, applyItem);
  }

  patch(patches: readonly ItemPatch[]): Promise<readonly ItemOutcome[]> {
    return this.#write(patches, applyPatch);
  }

  async insertMissing(items: readonly Item[]): Promise<number> {
    const outcomes = await this.#write(items, (stored, item) =>
      stored === undefined ? applyItem(stored, item) : { outcome: 'unchanged' },
    );
    return outcomes.filter((outcome) => outcome === 'inserted').length;
  }

  #write<T extends { readonly itemId: string }>(
    writes: readonly T[],
    change: (stored: StoredItem | undefined, write: T) => ItemChange,
  ): Promise<readonly ItemOutcome[]> {
    return this.#session.transaction(async (client) => {
      // Again when somebody else inserted one of them between our look and our insert.
      for (;;) {
        const outcomes = await tryWrite(client, writes, change);
        if (outcomes !== undefined) return outcomes;
      }
    });
  }

  async get(itemIds: readonly string[]): Promise<readonly StoredItem[]> {
    const { rows } = await this.#session.queryable.query({
      name: 'items_by_id',
      text: `SELECT ${COLUMNS} FROM items WHERE item_id = ANY($1)`,
      values: [itemIds],
      rowMode: 'array',
    });
    return (rows as unknown as readonly ItemRow[]).map(toStored);
  }

  async *stream(batchMax = BATCH_MAX) {
    for await (const items of this.snapshot(batchMax)) yield items.map(toItem);
  }

  async *snapshot(batchMax = BATCH_MAX) {
    const text = `SELECT ${COLUMNS} FROM items ORDER BY item_id COLLATE "C"`;
    const batches = this.#session.snapshot((client) => readCursor(client, { text, values: [] }, batchMax));
    for await (const rows of batches) yield (rows as unknown as readonly ItemRow[]).map(toStored);
  }

  async count(): Promise<number> {
    const text = 'SELECT count(*)::float8 FROM items WHERE NOT deleted';
    const { rows } = await this.#session.queryable.query<{ count: number }>(text);
    return rows[0]!.count;
  }
}

/** Undefined when an item came into being meanwhile: nothing is decided then, and it can be locked the next time. */
async function tryWrite<T extends { readonly itemId: string }>(
  client: PoolClient,
  writes: readonly T[],
  change: (stored: StoredItem | undefined, write: T) => ItemChange,
): Promise<readonly ItemOutcome[] | undefined> {
  const itemIds = [...new Set(writes.map(({ itemId }) => itemId))];
  const { rows } = await client.query({ text: LOCK, values: [itemIds], rowMode: 'array' });
  const stored = new Map((rows as unknown as readonly ItemRow[]).map((row) => [row[0], toStored(row)]));
  const known = new Set(stored.keys());
  const changed = new Map<string, Omit<StoredItem, 'version'>>();
  const outcomes = writes.map((write) => {
    const { outcome, next } = change(stored.get(write.itemId), write);
    if (next !== undefined) {
      changed.set(next.itemId, next);
      stored.set(next.itemId, { ...next, version: 0 });
    }
    return outcome;
  });
  const records = [...changed.values()].map(toRecord);
  const missing = records.filter(({ item_id }) => !known.has(item_id));
  const present = records.filter(({ item_id }) => known.has(item_id));
  if (missing.length > 0) {
    await client.query('SAVEPOINT items');
    const { rowCount } = await client.query(INSERT, [JSON.stringify(missing)]);
    if (rowCount !== missing.length) {
      await client.query('ROLLBACK TO SAVEPOINT items');
      return undefined;
    }
    await client.query('RELEASE SAVEPOINT items');
  }
  if (present.length > 0) await client.query(UPDATE, [JSON.stringify(present)]);
  return outcomes;
}
