import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
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
import type { RecountProgress } from './recount.ts';
import { namesOfAll, shardName } from './shard.ts';

const LOOK_EVERY_MS = 200;

interface RebuildOptions {
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly shard: ItemShard;
  readonly progress: RecountProgress;
  /** Told who does it instead. */
  readonly onDelegated: (holder: string) => void;
}

/**
 * Computes a shard's counters anew from the whole log. Where an aggregator leads, it is told to (a `reset` in the log, on
 * which it drops its copies in Redis as well), and this waits until it has; otherwise, or when that one ends meanwhile,
 * this process leads. Interrupted, it goes on when it is called again or when an aggregator takes the lead; until it is
 * done the counters are as they were.
 */
export async function rebuildCounters(options: RebuildOptions): Promise<void> {
  const { databaseUrl, pool, shard, onDelegated } = options;
  const name = shardName('aggregator', shard);
  const own = createPool(databaseUrl, { connectionsMax: 1, applicationName: 'shortlist rebuild' });
  const client = await own.connect();
  const take = () => Lease.tryTake(client, name, `rebuild ${process.pid}`);
  try {
    let lease = await take();
    if (lease === undefined) {
      onDelegated((await Lease.state(pool, name))?.holder ?? 'the leader');
      const told = await tellReset(pool);
      while (lease === undefined) {
        if (await hasPassed(pool, shardName('counters', shard), told)) return;
        await sleep(LOOK_EVERY_MS);
        lease = await take();
      }
      if (await hasPassed(pool, shardName('counters', shard), told)) return;
    }
    await recomputeAsLeader(options, client, lease);
  } finally {
    client.release(true);
    await own.end();
  }
}

async function recomputeAsLeader(
  { pool, shard, progress }: RebuildOptions,
  client: PoolClient,
  lease: Lease,
): Promise<void> {
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
}

/** Returns how far whoever obeys has come, at least. */
async function tellReset(pool: Pool): Promise<LogOffsets> {
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
  return stores.tail.offsetsNow();
}

async function hasPassed(pool: Pool, consumer: string, told: LogOffsets): Promise<boolean> {
  const { rows } = await pool.query<{ offsets: LogOffsets }>(
    'SELECT offsets FROM consumers WHERE name = $1 AND NOT EXISTS (SELECT FROM recounts WHERE consumer = name)',
    [consumer],
  );
  const offsets = rows[0]?.offsets ?? {};
  return Object.entries(told).every(([writer, batch]) => (offsets[writer] ?? 0) >= batch);
}
