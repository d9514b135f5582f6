/**
 * What the ingest service acknowledges, i.e. has on disk (fsync on), with its load generator on the same machine:
 *
 *   node packages/cli/bench/ingest.bench.ts [--seconds 10] [--repeats 5] [--roles api,aggregator] [--json FILE]
 *
 * `ingest.batch100`: requests of 100 events on 16 connections; `ingest.single`: one event per request, 64 connections.
 * `*.cpu.*`: what an event costs each process, which a busy machine hardly changes. PostgreSQL, Valkey and the service are
 * processes of their own. Afterwards what was acknowledged is counted in the
 * database, and the counters are compared with the log; the run fails when anything differs.
 */
import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { verifyCounters } from '@shortlist/ingest/aggregator/verify-counters.ts';
import { WHOLE } from '@shortlist/ingest/aggregator/shard.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised } from '../../core/bench/report.ts';
import { createCluster, openDatabase } from '../src/workspace/database.ts';
import { openRedis } from '../src/workspace/redis.ts';
import { startIngest } from '../test/ingest/ingest-process.ts';
import { temporaryWorkspace } from '../test/workspace/temporary-workspace.ts';
import type { EventLoadOptions, EventLoadResult } from './load/event-load.ts';
import { cpuOf } from '../../service/bench/process-cpu.ts';

const SECONDS = Number(option('seconds', '10'));
const REPEATS = Number(option('repeats', '5'));
const ROLES = option('roles', 'api,aggregator');
const LOAD = join(import.meta.dirname, 'load', 'event-load.ts');
const SUITES = [
  { name: 'ingest.batch100', connections: 16, batch: 100 },
  { name: 'ingest.single', connections: 64, batch: 1 },
] as const;

const workspace = temporaryWorkspace();
const database = await openDatabase(workspace.environment, 'bench', { connectionsMax: 4 });
const redis = await openRedis(workspace.environment, 'bench');
const ingest = await startIngest({
  SHORTLIST_DATASET: 'bench',
  SHORTLIST_INGEST_ROLES: ROLES,
  DATABASE_URL: database.url,
  REDIS_URL: redis.url,
  ...(process.env.NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS: process.env.NODE_OPTIONS }),
});

async function generate(options: EventLoadOptions): Promise<EventLoadResult> {
  const args = ['--disable-warning=ExperimentalWarning', LOAD, JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as EventLoadResult;
}

const cluster = createCluster(workspace.environment);
const cpuNow = () => ({ service: cpuOf(ingest.child.pid!), postgres: cpuOf(cluster.status().pid!) });

const results = [];
let acknowledged = 0;
let failed = 0;
try {
  for (const { name, connections, batch } of SUITES) {
    const runs: EventLoadResult[] = [];
    const cpu = { service: [] as number[], postgres: [] as number[], generator: [] as number[] };
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const shape = { run: `${name}-${repeat}`, batch, users: 20_000, items: 10_000 };
      const before = cpuNow();
      const run = await generate({ url: ingest.url, connections, warmUpS: 2, seconds: SECONDS, ...shape });
      console.error(`${name} load ${loadavg()[0]!.toFixed(1)} ${JSON.stringify(run)}`);
      runs.push(run);
      const after = cpuNow();
      for (const name of ['service', 'postgres'] as const)
        cpu[name].push(((after[name] - before[name]) * 1e6) / run.accepted);
      cpu.generator.push((run.cpuS * 1e6) / run.accepted);
      acknowledged += run.accepted;
      failed += run.failed;
    }
    const of = (key: keyof EventLoadResult) => runs.map((run) => run[key]);
    results.push(summarised(`${name}.events`, 'events/s', of('eventsPerS')));
    results.push(summarised(`${name}.requests`, 'requests/s', of('requestsPerS')));
    results.push(summarised(`${name}.p50`, 'ms', of('p50Ms')));
    results.push(summarised(`${name}.p99`, 'ms', of('p99Ms')));
    for (const [who, us] of Object.entries(cpu)) results.push(summarised(`${name}.cpu.${who}`, 'us', us));
  }
  const { rows } = await database.pool.query<{ events: number }>('SELECT count(*)::float8 AS events FROM events');
  results.push(summarised('ingest.acknowledged_not_stored', 'events', [acknowledged - rows[0]!.events]));
  results.push(summarised('ingest.failed', 'requests', [failed]));
  if (ROLES.includes('aggregator')) {
    await ingest.kill();
    const { differences, incomparable } = await verifyCounters(database.pool, WHOLE);
    results.push(summarised('ingest.counters_wrong', 'items', [incomparable === null ? differences : NaN]));
  }
  report(results);
  if (failed > 0 || acknowledged !== rows[0]!.events) process.exitCode = 1;
} finally {
  await ingest.kill('SIGKILL');
  await redis.close();
  await database.close();
  await workspace.remove();
}
