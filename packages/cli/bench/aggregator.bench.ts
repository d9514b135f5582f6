/**
 * How fast the aggregator follows the log, as the real ingest process on an embedded PostgreSQL and Valkey of its own:
 * `node packages/cli/bench/aggregator.bench.ts [--events 200000] [--rate 20000] [--seconds 10] [--repeats 5] [--json FILE]`
 *
 * - backlog: the process is stopped (SIGSTOP) while `--events` are written, then let go; events over the time until the
 *   consumer has kept the last of them; and CPU time of the process per event, both consumers together, which other load
 *   on the machine does not lengthen.
 * - lag at a rate: age of the oldest batch that a consumer has not kept, looked at each 50 ms, while `--rate` events/s are
 *   written in batches of 1,000 for `--seconds`.
 * - recompute: `shortlist rebuild counters` over everything.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { EVENT_CODE, type EventType } from '@shortlist/core/contracts/events.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import { ConsumerOffsets } from '@shortlist/core/stores/postgres/consumer-offsets.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { rebuildCounters } from '@shortlist/ingest/aggregator/rebuild-counters.ts';
import { WHOLE } from '@shortlist/ingest/aggregator/shard.ts';
import { verifyCounters } from '@shortlist/ingest/aggregator/verify-counters.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { readEnvironment } from '../src/environment.ts';
import { withDatabase } from '../src/workspace/database.ts';
import { openRedis } from '../src/workspace/redis.ts';

const events = Number(option('events', '200000'));
const rate = Number(option('rate', '20000'));
const seconds = Number(option('seconds', '10'));
const repeats = Number(option('repeats', '5'));
const BATCH = 1_000;
const [ITEMS, USERS] = [10_000, 50_000];
const TYPES: readonly EventType[] = [
  ...([
    'view',
    'view',
    'view',
    'view',
    'view',
    'impression',
    'impression',
    'click',
    'add_to_cart',
    'purchase',
  ] as const),
];

const random = seededRandom(1);
let made = 0;
/** Items by a power law: the first tenth gets about half of the events. */
function makeBatch(): NewEvent[] {
  const nowS = Date.now() / 1000;
  return Array.from({ length: BATCH }, (): NewEvent => ({
    eventId: `bench-${made++}`,
    userId: `user-${Math.floor(random() * USERS)}`,
    sessionId: `session-${Math.floor(random() * USERS)}`,
    itemId: `item-${Math.floor(ITEMS * random() ** 3)}`,
    type: EVENT_CODE[TYPES[Math.floor(random() * TYPES.length)]!],
    occurredAtS: nowS - random() * 60,
    value: null,
    quantity: null,
    surface: 'home',
    device: 'mobile',
    requestId: null,
    position: null,
  }));
}

/** CPU time of a process so far, us; Linux counts it in hundredths of a second. */
function cpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

async function untilKept(pool: Pool, consumer: string): Promise<void> {
  while ((await ConsumerOffsets.lag(pool, consumer)).batches > 0) await sleep(10);
}

/** Writes `total` events; with `perSecond`, at that pace. */
async function write(lanes: readonly LogLane[], total: number, perSecond = Infinity): Promise<void> {
  const startedMs = performance.now();
  let batches = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      while (batches * BATCH < total) {
        const dueMs = startedMs + (batches++ * BATCH * 1000) / perSecond;
        if (dueMs > performance.now()) await sleep(dueMs - performance.now());
        await lane.append(makeBatch());
      }
    }),
  );
}

const home = mkdtempSync(join(tmpdir(), 'shortlist-bench-'));
// PostgreSQL's account must get in.
chmodSync(home, 0o755);
const environment = readEnvironment({ SHORTLIST_HOME: home });
const values: Record<string, number[]> = {};
const note = (name: string, value: number) => (values[name] ??= []).push(value);
const redis = await openRedis(environment, 'bench');
await withDatabase(environment, 'bench', async ({ pool, url }) => {
  const main = resolve(import.meta.dirname, '../../ingest/src/main.ts');
  const aggregator = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      REDIS_URL: redis.url,
      SHORTLIST_DATASET: 'bench',
      SHORTLIST_INGEST_ROLES: 'aggregator',
      SHORTLIST_INGEST_HTTP_PORT: '0',
      SHORTLIST_INGEST_ADMIN_PORT: '0',
      SHORTLIST_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = new Promise((done) => aggregator.once('exit', done));
  try {
    const { log } = postgresStores(pool);
    const lanes = [await log.openLane(), await log.openLane()];
    await write(lanes, 20 * BATCH);
    while ((await pool.query('SELECT FROM consumers')).rowCount !== 2) await sleep(50);
    for (const consumer of ['counters', 'projector']) await untilKept(pool, consumer);
    for (let round = 0; round < repeats; round++) {
      aggregator.kill('SIGSTOP');
      const writeMs = performance.now();
      await write(lanes, events);
      note('log.write.events_per_s', (events / (performance.now() - writeMs)) * 1000);
      aggregator.kill('SIGCONT');
      const startedMs = performance.now();
      const startedUs = cpuUs(aggregator.pid!);
      await Promise.all(
        ['counters', 'projector'].map(async (consumer) => {
          await untilKept(pool, consumer);
          note(`backlog.${consumer}.events_per_s`, (events / (performance.now() - startedMs)) * 1000);
        }),
      );
      note('backlog.cpu_per_event.us', (cpuUs(aggregator.pid!) - startedUs) / events);
    }
    for (let round = 0; round < repeats; round++) {
      const ages: Record<string, number[]> = { counters: [], projector: [] };
      const writing = write(lanes, rate * seconds, rate).then(() => true);
      const writeMs = performance.now();
      while (!(await Promise.race([writing, sleep(50, false)])))
        for (const [consumer, list] of Object.entries(ages))
          list.push((await ConsumerOffsets.lag(pool, consumer)).seconds);
      note(`rate_${rate}.written.events_per_s`, (rate * seconds * 1000) / (performance.now() - writeMs));
      for (const [consumer, list] of Object.entries(ages)) {
        list.sort((a, b) => a - b);
        note(`rate_${rate}.${consumer}.lag.p50.ms`, list[list.length >> 1]! * 1000);
        note(`rate_${rate}.${consumer}.lag.p99.ms`, list[Math.floor(list.length * 0.99)]! * 1000);
        await untilKept(pool, consumer);
      }
    }
    const verdict = await verifyCounters(pool, WHOLE);
    console.log(`verified: ${verdict.itemsCompared} items, ${verdict.differences} differences`);
    if (verdict.differences > 0) process.exitCode = 1;
    for (const lane of lanes) await lane.close();
  } finally {
    aggregator.kill('SIGCONT');
    aggregator.kill('SIGTERM');
    await exited;
  }
  const stored = await pool.query<{ events: number }>('SELECT count(*)::float8 AS events FROM events');
  for (let round = 0; round < repeats; round++) {
    const startedMs = performance.now();
    const options = { databaseUrl: url, pool, shard: WHOLE, progress: () => undefined, onDelegated: () => undefined };
    await rebuildCounters(options);
    note('recompute.events_per_s', (stored.rows[0]!.events / (performance.now() - startedMs)) * 1000);
  }
});
await redis.close();
rmSync(home, { recursive: true });

const unit = (name: string) => (name.endsWith('.ms') ? 'ms' : name.endsWith('.us') ? 'us' : '1/s');
report(Object.entries(values).map(([name, list]): BenchResult => summarised(name, unit(name), list)));
