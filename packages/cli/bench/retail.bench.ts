/**
 * A real shop on one machine, every server's CPU time counted: the active release of a dataset whose events are in the
 * workspace's PostgreSQL, Valkey between, the pod alone on core 0.
 *
 *   make bench SUITE=retail [ARGS='--dataset online-retail --repeats 5 --seconds 3']   (after `shortlist train`)
 *
 * `retail.cpu`: CPU seconds of PostgreSQL, Valkey and the pod together for 1,000 answers of `POST /recommend`, slates of 20,
 * 16 connections that never pause, customers of the data by Zipf; `retail.cpu.<server>`: of each. `retail.saturation`:
 * answers per second. `retail.alone.p50|p99`: of one connection.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { goFirst } from '../../core/bench/go-first.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised } from '../../core/bench/report.ts';
import { cpuOf } from '../../service/bench/process-cpu.ts';
import { answeredLoad } from '../../serving/bench/http/generator.ts';
import type { LoadOptions, LoadResult } from '../../serving/bench/http/load.ts';
import { PodProcess } from '../../serving/bench/http/pod-process.ts';
import { readEnvironment } from '../src/environment.ts';
import { clockOffset, lastEventS } from '../src/up/clock-offset.ts';
import { openDatabase } from '../src/workspace/database.ts';
import { openRedis } from '../src/workspace/redis.ts';

const DATASET = option('dataset', 'online-retail');
const REPEATS = Number(option('repeats', '5'));
const SECONDS = Number(option('seconds', '3'));
const POD_CORE = 0;
const OTHERS_CORE = 1;

function load(options: Omit<LoadOptions, 'path' | 'bodies' | 'users'>): Promise<LoadResult> {
  const body = JSON.stringify({ user_id: 'USER', num_items: 20, context: { surface: 'home', device: 'desktop' } });
  const whole: LoadOptions = { ...options, path: '/recommend', bodies: [body], users: options.userIds!.length };
  return answeredLoad(whole);
}

/** The server's own process, whose children serve the connections. */
async function postmasterOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
  return Number(readFileSync(join(rows[0]!.folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

goFirst();
// The servers that are started from here stay on the other core, too.
spawnSync('taskset', ['-cp', String(OTHERS_CORE), String(process.pid)]);
const environment = readEnvironment(process.env);
const folder = mkdtempSync(join(tmpdir(), 'retail-bench-'));
const database = await openDatabase(environment, DATASET);
const redis = await openRedis(environment, DATASET);
try {
  const { rows } = await database.pool.query<{ user_id: string }>(
    'SELECT user_id FROM events WHERE user_id IS NOT NULL GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT 2000',
  );
  const userIds = rows.map(({ user_id: id }) => id);
  if (userIds.length === 0) throw new Error(`no events of ${DATASET} in the workspace's database`);
  const pod = await PodProcess.start({
    nodeOptions: option('node-options', '').split(' ').filter(Boolean),
    core: POD_CORE,
    logFile: join(folder, 'pod.log'),
    variables: {
      SHORTLIST_HOME: environment.home,
      SHORTLIST_DATASET: DATASET,
      SHORTLIST_HTTP_HOST: '127.0.0.1',
      SHORTLIST_CLOCK_OFFSET_S: String(clockOffset(await lastEventS(database.pool), Date.now() / 1000)),
      // No ingest service runs, so nothing would come over the stream.
      SHORTLIST_LIVE_LAG_MAX_MS: '86400000',
      SHORTLIST_RECORDS_SPOOL: join(folder, 'spool'),
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
    },
  });
  const valkey = Number(/process_id:(\d+)/.exec(await redis.connection.client.info('server'))![1]);
  const postmaster = await postmasterOf(database.pool);
  const cpus = () => ({ postgresql: cpuOf(postmaster), valkey: cpuOf(valkey), pod: pod.cpuUs() / 1e6 });
  const values = new Map<string, { unit: string; list: number[] }>();
  const note = (name: string, unit: string, value: number): void => {
    const known = values.get(name) ?? { unit, list: [] };
    values.set(name, known);
    known.list.push(value);
  };
  try {
    await load({ url: pod.url, userIds, seed: 1, connections: 16, seconds: 2 * SECONDS });
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const alone = await load({ url: pod.url, userIds, seed: 10 + repeat, connections: 1, seconds: SECONDS });
      note('retail.alone.p50', 'ms', alone.p50);
      note('retail.alone.p99', 'ms', alone.p99);
      const before = cpus();
      const full = await load({ url: pod.url, userIds, seed: 100 + repeat, connections: 16, seconds: SECONDS });
      const after = cpus();
      let sum = 0;
      for (const server of ['postgresql', 'valkey', 'pod'] as const) {
        const cpuS = ((after[server] - before[server]) / full.answered) * 1000;
        note(`retail.cpu.${server}`, 's', cpuS);
        sum += cpuS;
      }
      note('retail.cpu', 's', sum);
      note('retail.saturation', 'requests/s', full.rate);
    }
  } finally {
    await pod.stop();
  }
  report([...values].map(([name, { unit, list }]) => summarised(name, unit, list)));
} finally {
  await redis.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
}
