import type { Pool, PoolClient } from 'pg';
import type { EventLog, LogLane } from '../event-log.ts';
import type { Stores } from '../stores.ts';
import { PostgresLogLane } from './log-lane.ts';
import { ensurePartitions, KnownPartitions } from './partitions.ts';

/** The log in `log_batches`; each lane keeps one connection of the pool. */
export class PostgresEventLog implements EventLog {
  readonly #pool: Pool;
  readonly #storesOn: (client: PoolClient) => Stores;
  readonly #partitions = new KnownPartitions();

  constructor(pool: Pool, storesOn: (client: PoolClient) => Stores) {
    this.#pool = pool;
    this.#storesOn = storesOn;
  }

  async openLane(): Promise<LogLane> {
    const lane = new PostgresLogLane(this.#pool, this.#partitions, this.#storesOn);
    await lane.open();
    return lane;
  }

  async ensurePartitions(days: readonly number[]): Promise<number> {
    return (await ensurePartitions(this.#pool, days)).length;
  }
}
