import type { PoolClient } from 'pg';
import type { StoredCounters } from '../counter-store.ts';
import { isOfShard, type ItemShard } from './counted-history.ts';
import { PostgresCounterStore } from './counter-store.ts';

/** How far counters that are computed anew have come. */
export interface RecountPosition {
  /** Unix seconds: what happened before and is within the consumer's offsets is counted. */
  readonly untilS: number;
  /** Counted so far. */
  readonly events: number;
}

const LOAD = `SELECT date_part('epoch', counted_until) AS "untilS", events::float8 AS events FROM recounts
  WHERE consumer = $1`;
const SAVE = `INSERT INTO recounts (consumer, counted_until, events) VALUES ($1, to_timestamp($2), $3)
  ON CONFLICT (consumer) DO UPDATE SET counted_until = excluded.counted_until, events = excluded.events,
    updated_at = now()`;

/**
 * What a consumer's counters have come to while they are computed anew from a long log, so that whoever leads next goes
 * on there. In the transaction that is open on `client`, together with the consumer's offsets.
 */
export class RecountStore {
  readonly #client: PoolClient;
  readonly #consumer: string;
  readonly #shard: ItemShard;
  readonly #counters: PostgresCounterStore;

  constructor(client: PoolClient, consumer: string, shard: ItemShard) {
    this.#client = client;
    this.#consumer = consumer;
    this.#shard = shard;
    this.#counters = new PostgresCounterStore(client, 'recounted_items');
  }

  /** Undefined: nothing is being computed. */
  async position(): Promise<RecountPosition | undefined> {
    return (await this.#client.query<RecountPosition>(LOAD, [this.#consumer])).rows[0];
  }

  /** What has been counted; of other shards, too. */
  counters(): AsyncGenerator<readonly StoredCounters[]> {
    return this.#counters.stream();
  }

  /** Keeps the position, and these in place of what was kept of their items. */
  async save({ untilS, events }: RecountPosition, changed: Iterable<StoredCounters>): Promise<void> {
    await this.#client.query(SAVE, [this.#consumer, untilS, events]);
    await this.#counters.put(changed);
  }

  /** Forgets the position, and what was counted of the shard's items. */
  async clear(): Promise<void> {
    await this.#client.query('DELETE FROM recounts WHERE consumer = $1', [this.#consumer]);
    await this.#client.query(`DELETE FROM recounted_items WHERE ${isOfShard('item_id', this.#shard)}`);
  }
}
