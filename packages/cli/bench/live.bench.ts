/**
 * How long a change takes to hold in every pod, over the real ingest service, aggregator, Valkey, PostgreSQL and two pods:
 * `node packages/cli/bench/live.bench.ts [--changes 200] [--repeats 5] [--json FILE]`
 *
 * From the acknowledgement of a `PATCH /items/{id}` (or `POST /items`) until `GET /products` of every pod, asked again and
 * again, shows it; so the figures hold one to two answers of a pod more than the change took.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { buildTinyRelease, TINY_ITEMS, writeTinyRun } from '../../core/test/release/tiny-run.ts';
import { readEnvironment } from '../src/environment.ts';
import { INGEST, POD, ServiceProcess, type ServiceKind } from '../src/up/service-process.ts';
import { withDatabase } from '../src/workspace/database.ts';
import { openRedis } from '../src/workspace/redis.ts';

const CHANGES = Number(option('changes', '200'));
const REPEATS = Number(option('repeats', '5'));
const DATASET = 'bench';
const PODS = 2;
const READY_WITHIN_MS = 60_000;
const GIVE_UP_MS = 30_000;

const home = mkdtempSync(join(tmpdir(), 'shortlist-bench-'));
// PostgreSQL's account must get in.
chmodSync(home, 0o755);
const environment = readEnvironment({ SHORTLIST_HOME: home });
const folder = join(home, 'datasets', DATASET);
const running: ServiceProcess[] = [];

async function start(kind: ServiceKind, prefix: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const port = await freePort();
  const service = new ServiceProcess({
    repository: resolve(import.meta.dirname, '../../..'),
    kind,
    variables: {
      ...variables,
      [`${prefix}HTTP_HOST`]: '127.0.0.1',
      [`${prefix}HTTP_PORT`]: String(port),
      [`${prefix}ADMIN_PORT`]: '0',
    },
    httpPort: port,
    logFile: join(home, `service-${running.length}.log`),
  });
  running.push(service);
  await service.untilReady(READY_WITHIN_MS, new AbortController().signal);
  return service.url;
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}

async function makeRelease(): Promise<void> {
  const releasesDir = join(folder, 'releases');
  await writeTinyRun(join(folder, 'run'), 1, BUILD_FEATURES);
  const { id } = await buildTinyRelease(join(folder, 'run'), releasesDir, { features: BUILD_FEATURES });
  await new ReleaseRegistry({ dataset: DATASET, releasesDir, activePath: join(folder, 'active.json') }).activate(id);
}

const tinyItem = (row: number) => ({
  itemId: `item-${row}`,
  title: `Title only${row}x`,
  category: 'books',
  brand: '',
  price: 5,
  available: true,
  createdAtS: 1_700_000_000,
  attributes: {},
});

async function send(url: string, method: string, path: string, body: unknown): Promise<number> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return performance.now();
}

/** Moment at which the pod shows the one product that `search` finds with this availability; null: not at all yet. */
async function seen(pod: string, search: string, available: boolean): Promise<number> {
  const untilMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const response = await fetch(`${pod}/products?search=${search}`);
    const { products } = (await response.json()) as { products: { available: boolean }[] };
    if (products.length === 1 && products[0]!.available === available) return performance.now();
    if (performance.now() > untilMs) throw new Error(`${search} did not become ${available ? '' : 'un'}available`);
  }
}

const percentile = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;

async function measure(ingest: string, pods: readonly string[]): Promise<BenchResult[]> {
  const figures: Record<string, number[]> = {};
  const note = (name: string, value: number) => void (figures[name] ??= []).push(value);
  for (let round = -1; round < REPEATS; round++) {
    const stock: number[] = [];
    const fresh: number[] = [];
    for (let i = 0; i < CHANGES; i++) {
      const row = i % TINY_ITEMS;
      const isOut = Math.floor(i / TINY_ITEMS) % 2 === 0;
      const at = await send(ingest, 'PATCH', `/items/item-${row}`, { stock: isOut ? 0 : 9 });
      stock.push(Math.max(...(await Promise.all(pods.map((pod) => seen(pod, `only${row}x`, !isOut))))) - at);
    }
    // All in stock for the next round.
    for (let row = 0; row < TINY_ITEMS; row++) await send(ingest, 'PATCH', `/items/item-${row}`, { stock: 9 });
    for (let row = 0; row < TINY_ITEMS; row++) for (const pod of pods) await seen(pod, `only${row}x`, true);
    for (let i = 0; i < 20; i++) {
      const word = `new${round + 1}x${i}`;
      const item = { item_id: word, title: `A ${word}`, category: 'books', price: 3 };
      const at = await send(ingest, 'POST', '/items', item);
      fresh.push(Math.max(...(await Promise.all(pods.map((pod) => seen(pod, word, true))))) - at);
    }
    if (round < 0) continue;
    note('live.stock.p50', percentile(stock, 0.5));
    note('live.stock.p99', percentile(stock, 0.99));
    note('live.new_item.p50', percentile(fresh, 0.5));
    note('live.new_item.max', Math.max(...fresh));
  }
  return Object.entries(figures).map(([name, values]) => summarised(name, 'ms', values));
}

try {
  await withDatabase(environment, DATASET, async ({ pool, url }) => {
    const redis = await openRedis(environment, DATASET);
    try {
      await makeRelease();
      await postgresStores(pool).items.upsert(Array.from({ length: TINY_ITEMS }, (_, row) => tinyItem(row)));
      const shared = { SHORTLIST_DATASET: DATASET, DATABASE_URL: url, REDIS_URL: redis.url };
      const ingest = await start(INGEST, 'SHORTLIST_INGEST_', shared);
      const pods: string[] = [];
      for (let pod = 0; pod < PODS; pod++)
        pods.push(await start(POD, 'SHORTLIST_', { ...shared, SHORTLIST_HOME: home }));
      report(await measure(ingest, pods));
    } finally {
      for (const service of running.reverse()) await service.stop();
      await redis.close();
    }
  });
} finally {
  rmSync(home, { recursive: true, force: true });
}
