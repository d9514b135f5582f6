/**
 * The ranking pod as a whole: its own process on one core, over real HTTP and a real Valkey; the load generator, Valkey and
 * whoever takes the records on the other core.
 *
 *   node packages/serving/bench/serving.bench.ts [--items 1000,100000] [--candidates 500,300,100] [--caches warm,cold]
 *     [--index KIND] [--users 20000] [--repeats 5] [--seconds 3] [--loads 30,60,80] [--route recommend|rank]
 *     [--batching natural,none,max4,1,5,10] [--release DIR] [--name LABEL]
 *     [--parameters JSON] [--json FILE]
 *
 * Every request goes through all stages: profile of 100 events, eleven sources, filters, rules, MMR, an experiment that
 * everybody is in, records that are sent. Users come by Zipf. `cold` reads every profile from Valkey, `warm` keeps them.
 * Names are `serving.<items>.<candidates>.<caches>[.<batching>].<figure>`:
 *
 * (`rank.*` where the items are given.) `--name` takes the place of `<items>`, for a run with other `--parameters`: those of
 * the release under test, e.g. `{"sources":{...}}`.
 *
 * - `saturation`: answers per second of 16 connections that never pause; `cpu`: CPU time of the pod per answer there
 * - `alone.p50|p99`, `alone.cpu`: the same of one connection; `stage.*`: where that time goes (`profile` waits for Valkey
 *   when cold); `stage.rest`: CPU that no stage has: HTTP, JSON, sockets, collection of garbage
 * - `load30.p50|p95|p99|p999`: latency at 30 % of saturation, open arrivals, counted from the intended start
 * - `stall.longest|lost`: what the pod's core takes from a program that only reads the clock, while the pod does nothing
 * - `recall500`: of the release's index against the exact scan, as its manifest has it
 */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import type { ReleaseManifest } from '@shortlist/core/contracts/release-manifest.ts';
import type { IndexKind } from '@shortlist/core/retrieval/vector-index.ts';
import { NOW_S } from '../../core/bench/retrieval-shop.ts';
import { goFirst } from '../../core/bench/go-first.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { stallsOf } from '../../core/bench/stalls.ts';
import { RedisProcess, SERVERS } from '../../core/test/stores/redis/redis-process.ts';
import { benchRelease, placeRelease } from './http/bench-release.ts';
import { fillProfiles, writeShopFiles } from './http/bench-shop.ts';
import { answeredLoad } from './http/generator.ts';
import type { LoadOptions, LoadResult } from './http/load.ts';
import { PodProcess } from './http/pod-process.ts';
import { openRecordsSink } from './http/records-sink.ts';
import { shoppers } from './synthetic-shoppers.ts';

const list = (name: string, initial: string): string[] => option(name, initial).split(',');

/** From here on the index is made without trying the others, which takes minutes. */
const LISTS_FROM = 10_000;
const POD_CORE = 0;
const OTHERS_CORE = 1;
const DATASET = 'bench';
const USERS = Number(option('users', '20000'));
const PROFILES = 2_000;
const REPEATS = Number(option('repeats', '5'));
const SECONDS = Number(option('seconds', '3'));
const SATURATING = 16;
const OPEN_CONNECTIONS = 256;
const ROUTE = option('route', 'recommend');
const PARAMETERS = JSON.parse(option('parameters', '{}')) as ReleaseManifest['parameters'];
const LOADS = option('loads', '30,60,80').split(',').filter(Boolean).map(Number);
const CACHES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  warm: {},
  cold: { SHORTLIST_PROFILE_CACHE_MS: '0', SHORTLIST_PROFILE_CACHE_NOTIFIED_MS: '0' },
};
/** `natural` takes what waits, `maxN` no more than N of it, `none` one request at a time; a number waits so many milliseconds. */
const batchingOf = (policy: string): Readonly<Record<string, string>> => {
  if (policy === 'natural') return {};
  if (policy.startsWith('max')) return { SHORTLIST_BATCH_REQUESTS_MAX: policy.slice(3) };
  return policy === 'none' ? { SHORTLIST_BATCH_REQUESTS_MAX: '1' } : { SHORTLIST_BATCH_WAIT_MS: policy };
};

interface Shop {
  readonly items: number;
  readonly release: string;
  readonly catalog: Catalog;
  readonly redis: RedisProcess;
  readonly recordsUrl: string;
  readonly folder: string;
  readonly asked: Pick<LoadOptions, 'path' | 'bodies'>;
}

function load(url: string, shop: Shop, seed: number, of: Partial<LoadOptions>): Promise<LoadResult> {
  const options: LoadOptions = {
    url,
    ...shop.asked,
    users: USERS,
    seed,
    connections: 1,
    seconds: SECONDS,
    ...of,
  };
  return answeredLoad(options);
}

/** What is asked for, of `count` items where they are given. */
function routeOf(catalog: Catalog, count: number): Pick<LoadOptions, 'path' | 'bodies'> {
  const context = { surface: 'home', device: 'mobile' };
  if (ROUTE === 'recommend')
    return { path: '/recommend', bodies: [JSON.stringify({ user_id: 'USER', num_items: 20, context })] };
  const items = (body: number) =>
    Array.from({ length: count }, (_, i) => catalog.itemIds[(body * 7919 + i * 104_729) % catalog.count]!);
  return {
    path: '/rank',
    bodies: Array.from({ length: 20 }, (_, body) => JSON.stringify({ user_id: 'USER', items: items(body), context })),
  };
}

async function openShop(items: number, redis: RedisProcess, recordsUrl: string, folder: string): Promise<Shop> {
  const given = option('release', '');
  const release =
    given === ''
      ? await benchRelease(items, option('index', items < LISTS_FROM ? 'auto' : 'ivf') as IndexKind | 'auto')
      : given;
  const catalog = Catalog.fromArrow(await readFile(join(release, 'items.arrow')));
  const profiles = shoppers(catalog.count, PROFILES);
  await fillProfiles(redis.url, DATASET, { users: USERS, itemIdOf: (row) => catalog.itemIds[row]!, profiles });
  return { items: catalog.count, release, catalog, redis, recordsUrl, folder, asked: routeOf(catalog, 0) };
}

/** Everything of one configuration; names begin with `name`. */
async function measure(shop: Shop, name: string, run: Run): Promise<BenchResult[]> {
  const home = await mkdtemp(join(shop.folder, 'home-'));
  const manifest = await placeRelease(
    shop.release,
    { home, dataset: DATASET },
    { ...PARAMETERS, candidatesMax: run.candidates },
  );
  const pod = await PodProcess.start({
    core: POD_CORE,
    logFile: join(home, 'pod.log'),
    nodeOptions: option('node-options', '').split(' ').filter(Boolean),
    variables: {
      SHORTLIST_HOME: home,
      SHORTLIST_DATASET: DATASET,
      SHORTLIST_HTTP_HOST: '127.0.0.1',
      REDIS_URL: shop.redis.url,
      // Never asked: Valkey has every profile. Without the variable there would be no profiles at all.
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      SHORTLIST_LEAK_CHECK_EVERY: '0',
      // A figure is of whole answers, however busy the pod is.
      SHORTLIST_DEGRADE_UNDER_LOAD: 'false',
      // Nobody sends it a live stream.
      SHORTLIST_LIVE_LAG_MAX_MS: '86400000',
      SHORTLIST_CLOCK_OFFSET_S: String(Math.round(NOW_S - Date.now() / 1000)),
      SHORTLIST_RECORDS_URL: shop.recordsUrl,
      SHORTLIST_RECORDS_SPOOL: join(home, 'spool'),
      ...(await writeShopFiles(home, NOW_S)),
      ...CACHES[run.caches],
      ...batchingOf(run.batching),
    },
  });
  const figures = new Map<string, { unit: string; values: number[] }>();
  const note = (figure: string, unit: string, value: number): void => {
    const known = figures.get(figure);
    if (known === undefined) figures.set(figure, { unit, values: [value] });
    else known.values.push(value);
  };
  try {
    await load(pod.url, shop, 1, { connections: SATURATING, seconds: 2 * SECONDS });
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const { longestMs, lostShare } = stallsOf(POD_CORE, SECONDS);
      note('stall.longest', 'ms', longestMs);
      note('stall.lost', 'share', lostShare);
      await measureAlone(pod, shop, repeat, note);
      const before = pod.cpuUs();
      const full = await load(pod.url, shop, 100 + repeat, { connections: SATURATING });
      note('saturation', 'requests/s', full.rate);
      note('cpu', 'us', (pod.cpuUs() - before) / (full.answered - full.shed));
      note('shed', 'requests', full.shed);
      note('generator.cpu', 'us', (full.cpuS * 1e6) / full.answered);
      const capacity = median(figures.get('saturation')!.values);
      for (const share of LOADS) {
        const at = await load(pod.url, shop, 200 + repeat, {
          connections: OPEN_CONNECTIONS,
          rate: (capacity * share) / 100,
        });
        for (const figure of ['p50', 'p95', 'p99', 'p999'] as const) note(`load${share}.${figure}`, 'ms', at[figure]);
        note(`load${share}.late`, 'ms', at.lateMs);
        note(`load${share}.shed`, 'requests', at.shed);
        await sleep(100);
      }
    }
    note('rss', 'bytes', pod.rssBytes());
    note('start', 'ms', pod.startMs);
    const recall = recallOf(manifest);
    if (recall !== null) note('recall500', 'share', recall);
  } finally {
    await pod.stop();
    if (option('keep-log', '') !== '') await cp(join(home, 'pod.log'), option('keep-log', ''));
    await rm(home, { recursive: true });
  }
  return [...figures].map(([figure, { unit, values }]) => summarised(`${name}.${figure}`, unit, values));
}

async function measureAlone(
  pod: PodProcess,
  shop: Shop,
  repeat: number,
  note: (figure: string, unit: string, value: number) => void,
): Promise<void> {
  const [stages, cpu] = [await pod.stages(), pod.cpuUs()];
  const alone = await load(pod.url, shop, repeat, { connections: 1 });
  const [cpuUs, after] = [(pod.cpuUs() - cpu) / alone.answered, await pod.stages()];
  for (const figure of ['p50', 'p99'] as const) note(`alone.${figure}`, 'ms', alone[figure]);
  note('alone.cpu', 'us', cpuUs);
  let inStages = 0;
  for (const [stage, { us, count }] of after) {
    const { us: usBefore, count: countBefore } = stages.get(stage) ?? { us: 0, count: 0 };
    const mean = (us - usBefore) / Math.max(1, count - countBefore);
    note(`stage.${stage}`, 'us', mean);
    inStages += mean;
  }
  note('stage.rest', 'us', cpuUs - inStages);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const recallOf = ({ index }: ReleaseManifest): number | null =>
  index?.measurements.find(({ kind }) => kind === index.kind)?.recall ?? null;

interface Run {
  readonly candidates: number;
  readonly caches: string;
  readonly batching: string;
}

goFirst();
const folder = await mkdtemp(join(tmpdir(), 'serving-bench-'));
chmodSync(folder, 0o755);
spawnSync('taskset', ['-cp', String(OTHERS_CORE), String(process.pid)]);
const sink = await openRecordsSink();
const redis = await RedisProcess.start(SERVERS[1].program);
const results: BenchResult[] = [];
try {
  for (const items of list('items', '1000,100000').map(Number)) {
    const shop = await openShop(items, redis, sink.url, folder);
    const label = option('name', option('release', '') === '' ? sizeOf(items) : basename(shop.release));
    for (const caches of list('caches', 'warm'))
      for (const candidates of list('candidates', '500').map(Number))
        for (const batching of list('batching', 'natural')) {
          const name = `${ROUTE === 'rank' ? 'rank' : 'serving'}.${label}.${candidates}.${caches}${batching === 'natural' ? '' : `.${batching}`}`;
          const asked = routeOf(shop.catalog, candidates);
          results.push(...(await measure({ ...shop, asked }, name, { candidates, caches, batching })));
        }
  }
  report(results);
} finally {
  await redis.stop();
  sink.close();
  await rm(folder, { recursive: true, force: true });
}

function sizeOf(items: number): string {
  if (items % 1_000_000 === 0) return `${items / 1_000_000}m`;
  return items % 1000 === 0 ? `${items / 1000}k` : String(items);
}
