import type { Pool } from 'pg';
import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import type { ItemShard } from '@shortlist/core/stores/postgres/counted-history.ts';
import { PostgresCounterStore } from '@shortlist/core/stores/postgres/counter-store.ts';
import { poolSession } from '@shortlist/core/stores/postgres/session.ts';
import { CounterState } from './counter-state.ts';
import { WHOLE } from './shard.ts';
import { trendingLists } from './trending.ts';

const CATEGORIES = 'SELECT item_id, category FROM items WHERE available';

export interface TrendingJobOptions {
  readonly pool: Pool;
  readonly fast: Pick<FastStores, 'live' | 'answers'>;
  readonly shard: ItemShard;
  /** Unix seconds. */
  readonly nowS: () => number;
}

/** Makes the trending lists and publishes them. With several shards the first one does, from what all have stored. */
export class TrendingJob {
  readonly #options: TrendingJobOptions;

  constructor(options: TrendingJobOptions) {
    this.#options = options;
  }

  /** Takes the counters of `state` where that has all of them; otherwise those that are stored. Returns how many lists. */
  async run(state?: CounterState): Promise<number> {
    const { pool, fast, shard, nowS } = this.#options;
    if (shard.index !== 0) return 0;
    const { rows } = await pool.query<[string, string]>({ text: CATEGORIES, rowMode: 'array' });
    const all = state !== undefined && shard.count === 1 ? state : await storedCounters(pool);
    const trending = await trendingLists(all, new Map(rows), nowS());
    await fast.live.publish([trending]);
    await fast.answers.outdate('trending');
    return trending.lists.length;
  }
}

/** The stored counters of every item, whoever keeps them. */
async function storedCounters(pool: Pool): Promise<CounterState> {
  const state = new CounterState(WHOLE);
  const batches = poolSession(pool).snapshot((client) => new PostgresCounterStore(client).stream());
  for await (const rows of batches) for (const row of rows) state.load(row);
  return state;
}
