import type { Pool } from 'pg';
import type { LiveCounters, LiveItem } from '../../contracts/live.ts';
import type { LiveTruth } from '../live-truth.ts';
import { PostgresCounterStore } from './counter-store.ts';
import { PostgresItemStore } from './item-store.ts';
import { poolSession, type Session } from './session.ts';

/** Small enough that a batch holds a pod's event loop for about a millisecond. */
const ITEMS_PER_BATCH = 500;

/** By the clock of the database alone: a pod's may differ. */
const UNAVAILABLE_SINCE = `SELECT item_id FROM items
  WHERE item_id = ANY($1::text[]) AND NOT available AND updated_at < clock_timestamp() - make_interval(secs => $2)`;

/** The live state in the tables `items` and `item_counters`. */
export class PostgresLiveTruth implements LiveTruth {
  readonly #pool: Pool;
  readonly #session: Session;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#session = poolSession(pool);
  }

  async *items(): AsyncGenerator<readonly LiveItem[]> {
    for await (const batch of new PostgresItemStore(this.#session).snapshot(ITEMS_PER_BATCH))
      yield batch.map(({ itemId, version, title, category, brand, price, available, createdAtS }) => ({
        kind: 'item',
        itemId,
        version,
        title,
        category,
        brand,
        price,
        available,
        createdS: createdAtS,
      }));
  }

  async *counters(): AsyncGenerator<LiveCounters['items']> {
    const batches = this.#session.snapshot((client) => new PostgresCounterStore(client).stream());
    for await (const batch of batches) yield batch.map((one) => ({ ...one, sums: Array.from(one.sums) }));
  }

  async unavailableSince(itemIds: readonly string[], agoS: number): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ item_id: string }>(UNAVAILABLE_SINCE, [itemIds, agoS]);
    return rows.map(({ item_id }) => item_id);
  }
}
