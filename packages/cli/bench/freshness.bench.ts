/**
 * How long what a shopper did takes to reach their next slate, over the real ingest service, aggregator, Valkey,
 * PostgreSQL and two pods, under a load of events and of slates:
 *
 *   node packages/cli/bench/freshness.bench.ts [--events 200] [--repeats 5] [--rate 100] [--json FILE]
 *
 * `freshness.event`: from the 202 of `POST /events` (a `hide`) until a slate of the same user, asked for again and
 * again, no longer holds the item that was hidden; the figure holds one answer of the pod. `freshness.stock`: from the
 * answer of `PATCH /items/{id}` (stock 0, and back) until slates of both pods show it. `freshness.leaks`: items served
 * although long out of stock, by the pods' own comparison of every slate with PostgreSQL.
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { option } from '../../core/bench/option.ts';
import { report, summarised } from '../../core/bench/report.ts';
import { killChildren } from '../../serving/test/child-pod.ts';
import { LiveShop, statusOf } from '../test/live/live-shop.ts';
import { Connection } from '../../service/bench/connection.ts';

const EVENTS = Number(option('events', '200'));
const STOCK_CHANGES = Number(option('changes', '50'));
const REPEATS = Number(option('repeats', '5'));
/** Events per second beside those that are measured. */
const RATE = Number(option('rate', '100'));
const LIMIT_MS = 20_000;

const shop = await LiveShop.open();
const stopping = new AbortController();
const results = [];
const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;

try {
  const pods = [await shop.startPod(), await shop.startPod()];
  const ingest = await Connection.open(shop.ingest.url());
  const connections = await Promise.all(pods.map((pod) => Connection.open(pod.url())));
  const send = async (method: string, path: string, body: object): Promise<void> => {
    const answer = await ingest.request(method, path, Buffer.from(JSON.stringify(body)));
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`);
  };
  const shown = async (pod: Connection, user: string): Promise<string[]> => {
    const request = Buffer.from(JSON.stringify({ user_id: user, num_items: 50 }));
    const { status, body } = await pod.request('POST', '/recommend', request);
    if (status !== 200) throw new Error(`/recommend: ${status} ${body.toString()}`);
    const { recommendations } = JSON.parse(body.toString()) as { recommendations: { item_id: string }[] };
    return recommendations.map(({ item_id: id }) => id);
  };
  const until = async (pod: Connection, user: string, holds: (ids: readonly string[]) => boolean): Promise<number> => {
    const startedMs = performance.now();
    while (!holds(await shown(pod, user))) {
      if (performance.now() - startedMs > LIMIT_MS) throw new Error('it never showed');
    }
    return performance.now() - startedMs;
  };

  // Other people's events meanwhile.
  const background = (async () => {
    const connection = await Connection.open(shop.ingest.url());
    for (let i = 0; !stopping.signal.aborted; i++) {
      const event = { user_id: `other-${i % 500}`, item_id: `item-${i % 60}`, type: 'view' };
      await connection.request('POST', '/events', Buffer.from(JSON.stringify(event)));
      await sleep(1000 / RATE);
    }
    connection.close();
  })();

  const runs = { event: [] as number[][], out: [] as number[][], back: [] as number[][] };
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const took = { event: [] as number[], out: [] as number[], back: [] as number[] };
    for (let i = 0; i < EVENTS; i++) {
      const user = `user-${repeat}-${i}`;
      const pod = connections[i % connections.length]!;
      // Known to the pod, with a profile that must be put right.
      const [first] = await shown(pod, user);
      await send('POST', '/events', { user_id: user, item_id: first!, type: 'hide' });
      took.event.push(await until(pod, user, (ids) => !ids.includes(first!)));
    }
    for (let i = 0; i < STOCK_CHANGES; i++) {
      const item = (await shown(connections[0]!, 'nobody'))[i % 5]!;
      for (const [name, stock] of [
        ['out', 0],
        ['back', 7],
      ] as const) {
        await send('PATCH', `/items/${item}`, { stock });
        const isSo = (ids: readonly string[]) => ids.includes(item) === stock > 0;
        const both = await Promise.all(connections.map((pod) => until(pod, 'nobody', isSo)));
        took[name].push(Math.max(...both));
      }
    }
    for (const name of ['event', 'out', 'back'] as const) runs[name].push(took[name]);
    const p99 = (Object.keys(took) as (keyof typeof took)[]).map((name) => `${name} ${percentile(took[name], 0.99)}`);
    console.error(`load ${loadavg()[0]!.toFixed(1)}: p99 ${p99.join(', ')} ms`);
  }
  stopping.abort();
  await background;
  const NAMES = { event: 'freshness.event', out: 'freshness.stock.out', back: 'freshness.stock.back' } as const;
  for (const name of ['event', 'out', 'back'] as const)
    for (const share of [0.5, 0.99])
      results.push(
        summarised(
          `${NAMES[name]}.p${share * 100}`,
          'ms',
          runs[name].map((values) => percentile(values, share)),
        ),
      );
  const checks = await Promise.all(pods.map(async (pod) => (await statusOf(pod)).live.leak_check));
  const sum = (key: 'leaks' | 'slates_checked') => checks.reduce((total, check) => total + check[key], 0);
  results.push(summarised('freshness.leaks', 'items', [sum('leaks')]));
  results.push(summarised('freshness.leaks.slates_checked', 'slates', [sum('slates_checked')]));
  if (sum('leaks') > 0) process.exitCode = 1;
  for (const connection of [ingest, ...connections]) connection.close();
} finally {
  stopping.abort();
  killChildren();
  await shop.close();
}
report(results);
