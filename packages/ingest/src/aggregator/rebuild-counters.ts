import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { LOG_KIND, type LogOffsets } from '@shortlist/core/contracts/log.ts';
import { createPool } from '@shortlist/core/stores/postgres/connection.ts';
import { ConsumerOffsets } from '@shortlist/core/stores/postgres/consumer-offsets.ts';
import type { ItemShard } from '@shortlist/core/stores/postgres/counted-history.ts';
import { Lease } from '@shortlist/core/stores/postgres/leases.ts';
import { PostgresLogTail } from '@shortlist/core/stores/postgres/log-tail.ts';
import { transactionSession } from '@shortlist/core/stores/postgres/session.ts';
import { claimSharding } from '@shortlist/core/stores/postgres/sharding.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { CountersConsumer } from './counters-consumer.ts';
import type { RecomputeProgress } from './recompute.ts';
import { namesOfAll, shardName } from './shard.ts';

const LOOK_EVERY_MS = 200;

/**
 * Computes a shard's counters anew from the whole log. Where an aggregator leads, it is told to (a `reset` in the log, on
 * which it drops its copies in Redis as well), and this waits until it has; otherwise this process leads meanwhile. The
 * counters change in one transaction: interrupted, they are as they were.
 */
export async function rebuildCounters(options: {
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly shard: ItemShard;
  readonly progress: RecomputeProgress;
  /** Told who does it instead. */
  readonly onDelegated: (holder: string) => void;
}): Promise<void> {
  const { databaseUrl, pool, shard, progress, onDelegated } = options;
  const own = createPool(databaseUrl, { connectionsMax: 1, applicationName: 'shortlist rebuild' });
  const client = await own.connect();
  try {
    const name = shardName('aggregator', shard);
    const lease = await Lease.tryTake(client, name, `rebuild ${process.pid}`);
    if (lease === undefined) {
      onDelegated((await Lease.state(pool, name))?.holder ?? 'the leader');
      await delegate(pool, shard);
      return;
    }
    await claimSharding(client, namesOfAll(shard.count));
    // A standby that sees no heartbeats would take the lead away.
    const beats = setInterval(() => void lease.beat(pool).catch(() => undefined), 1_000);
    try {
      await new CountersConsumer({
        client,
        shard,
        tail: new PostgresLogTail(transactionSession(client)),
        offsets: new ConsumerOffsets(shardName('counters', shard), lease.epoch),
        onRecompute: progress,
      }).recompute();
    } finally {
      clearInterval(beats);
    }
  } finally {
    client.release(true);
    await own.end();
  }
}

async function delegate(pool: Pool, shard: ItemShard): Promise<void> {
  const stores = postgresStores(pool);
  const lane = await stores.log.openLane();
  try {
    await lane.write(async (_, tell) => {
      tell({ kind: LOG_KIND.reset, payload: { reason: 'rebuild' } });
      return Promise.resolve();
    });
  } finally {
    await lane.close();
  }
  const told = await stores.tail.offsetsNow();
  while (!(await hasPassed(pool, shardName('counters', shard), told))) await sleep(LOOK_EVERY_MS);
}

async function hasPassed(pool: Pool, consumer: string, told: LogOffsets): Promise<boolean> {
  const { rows } = await pool.query<{ offsets: LogOffsets }>('SELECT offsets FROM consumers WHERE name = $1', [
    consumer,
  ]);
  const offsets = rows[0]?.offsets ?? {};
  return Object.entries(told).every(([writer, batch]) => (offsets[writer] ?? 0) >= batch);
}
