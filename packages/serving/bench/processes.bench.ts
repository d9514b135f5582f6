/**
 * What a second process on a second core adds: two pods, loaded in turns one alone and both at once.
 *
 *   node packages/serving/bench/processes.bench.ts [--items 100000] [--candidates 500] [--index auto] [--repeats 5]
 *     [--seconds 3] [--loads 30,60] [--json FILE] [--history]
 *
 * Names are those of serving.bench.ts, `serving.<items>.<candidates>.warm[.2p].<figure>`, and `shortlist capacity` reads
 * them. On two cores the generators of two pods have none of their own, so `2p.saturation` is not counted but computed: what
 * two whole cores do at the CPU time per answer that was measured with both busy. Latencies at both are measured as they are,
 * from the intended start, with the generators' share of the cores in them.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import type { IndexKind } from '@shortlist/core/retrieval/vector-index.ts';
import { NOW_S } from '../../core/bench/retrieval-shop.ts';
import { goFirst } from '../../core/bench/go-first.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised } from '../../core/bench/report.ts';
import { RedisProcess, SERVERS } from '../../core/test/stores/redis/redis-process.ts';
import { benchRelease, placeRelease } from './http/bench-release.ts';
import { fillProfiles, writeShopFiles } from './http/bench-shop.ts';
import { answeredLoad } from './http/generator.ts';
import type { LoadOptions, LoadResult } from './http/load.ts';
import { PodProcess } from './http/pod-process.ts';
import { openRecordsSink } from './http/records-sink.ts';
import { shoppers } from './synthetic-shoppers.ts';

const DATASET = 'bench';
const USERS = 20_000;
const PROFILES = 2_000;
const SATURATING = 16;
const OPEN_CONNECTIONS = 256;
const ITEMS = Number(option('items', '100000'));
const CANDIDATES = Number(option('candidates', '500'));
const REPEATS = Number(option('repeats', '5'));
const SECONDS = Number(option('seconds', '3'));
const LOADS = option('loads', '30,60').split(',').map(Number);

function load(url: string, seed: number, of: Partial<LoadOptions>): Promise<LoadResult> {
  const body = JSON.stringify({ user_id: 'USER', num_items: 20, context: { surface: 'home', device: 'mobile' } });
  const options: LoadOptions = {
    url,
    path: '/recommend',
    bodies: [body],
    users: USERS,
    seed,
    connections: 1,
    seconds: SECONDS,
    ...of,
  };
  // Two pods have a core each, so their generators have none of their own.
  return answeredLoad(options, null);
}

const figures = new Map<string, { unit: string; values: number[] }>();
function note(processes: number, figure: string, unit: string, value: number): void {
  const size =
    ITEMS % 1_000_000 === 0 ? `${ITEMS / 1_000_000}m` : ITEMS % 1000 === 0 ? `${ITEMS / 1000}k` : String(ITEMS);
  const name = `serving.${size}.${CANDIDATES}.warm.${processes > 1 ? `${processes}p.` : ''}${figure}`;
  const known = figures.get(name);
  if (known === undefined) figures.set(name, { unit, values: [value] });
  else known.values.push(value);
}

/** All pods at once; what is worst of them is the figure. */
async function together(pods: readonly PodProcess[], round: number, of: Partial<LoadOptions>): Promise<LoadResult[]> {
  return Promise.all(pods.map((pod, i) => load(pod.url, 100 * round + i, of)));
}

async function measure(pods: readonly PodProcess[], round: number, alone: { rate: number; cpuUs: number } | null) {
  const before = pods.map((pod) => pod.cpuUs());
  const full = await together(pods, round, { connections: SATURATING });
  const answered = full.reduce((sum, one) => sum + one.answered, 0);
  const cpuUs = pods.reduce((sum, pod, i) => sum + pod.cpuUs() - before[i]!, 0) / answered;
  const rate = alone === null ? full[0]!.rate : (pods.length * alone.rate * alone.cpuUs) / cpuUs;
  note(pods.length, 'saturation', 'requests/s', rate);
  note(pods.length, 'cpu', 'us', cpuUs);
  for (const share of LOADS) {
    const found = await together(pods, round, {
      connections: OPEN_CONNECTIONS,
      rate: (rate / pods.length) * (share / 100),
    });
    for (const figure of ['p50', 'p95', 'p99'] as const)
      note(pods.length, `load${share}.${figure}`, 'ms', Math.max(...found.map((one) => one[figure])));
    note(pods.length, `load${share}.late`, 'ms', Math.max(...found.map(({ lateMs }) => lateMs)));
  }
  for (const pod of pods) note(pods.length, 'rss', 'bytes', pod.rssBytes());
  return { rate, cpuUs };
}

goFirst();
const folder = await mkdtemp(join(tmpdir(), 'processes-bench-'));
chmodSync(folder, 0o755);
const sink = await openRecordsSink();
const redis = await RedisProcess.start(SERVERS[1].program);
const pods: PodProcess[] = [];
try {
  const release = await benchRelease(ITEMS, option('index', 'auto') as IndexKind | 'auto');
  const catalog = Catalog.fromArrow(await readFile(join(release, 'items.arrow')));
  const profiles = shoppers(catalog.count, PROFILES);
  await fillProfiles(redis.url, DATASET, { users: USERS, itemIdOf: (row) => catalog.itemIds[row]!, profiles });
  for (const core of [0, 1]) {
    const home = await mkdtemp(join(folder, 'home-'));
    await placeRelease(release, { home, dataset: DATASET }, { candidatesMax: CANDIDATES });
    const variables = {
      SHORTLIST_HOME: home,
      SHORTLIST_DATASET: DATASET,
      SHORTLIST_HTTP_HOST: '127.0.0.1',
      REDIS_URL: redis.url,
      // Never asked: Valkey has every profile. Without the variable there would be no profiles at all.
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      SHORTLIST_LEAK_CHECK_EVERY: '0',
      SHORTLIST_CLOCK_OFFSET_S: String(Math.round(NOW_S - Date.now() / 1000)),
      SHORTLIST_RECORDS_URL: sink.url,
      SHORTLIST_RECORDS_SPOOL: join(home, 'spool'),
      ...(await writeShopFiles(home, NOW_S)),
    };
    pods.push(await PodProcess.start({ core, logFile: join(home, 'pod.log'), variables }));
  }
  await together(pods, 0, { connections: SATURATING, seconds: 2 * SECONDS });
  for (let round = 1; round <= REPEATS; round++) {
    // Alone, the pod has core 0 to itself: generator, Valkey and this process are on the other.
    spawnSync('taskset', ['-acp', '1', String(process.pid)]);
    const alone = await measure(pods.slice(0, 1), round, null);
    spawnSync('taskset', ['-acp', '0,1', String(process.pid)]);
    await measure(pods, round, alone);
  }
  report([...figures].map(([name, { unit, values }]) => summarised(name, unit, values)));
} finally {
  for (const pod of pods) await pod.stop();
  await redis.stop();
  sink.close();
  await rm(folder, { recursive: true, force: true });
}
