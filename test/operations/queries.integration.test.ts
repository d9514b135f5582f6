import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../deploy/grafana/src/dashboards.ts';
import { freePorts, SHOPPER, startUp, stopAll, tinyShop, untilUp } from '../../packages/cli/test/up/tiny-shop.ts';
import type { TemporaryWorkspace } from '../../packages/cli/test/workspace/temporary-workspace.ts';
import { ALERTS, RECORDINGS } from './alert-rules.ts';
import { startPrometheus, type PrometheusServer } from './prometheus-server.ts';
import { findTool } from './tool.ts';

/** Queries without a series although all is well, and why. Everything else must find what it asks for. */
const EMPTY_AT_REST: readonly [pattern: RegExp, reason: string][] = [
  [/kube_horizontalpodautoscaler/, 'of kube-state-metrics, which only a cluster has'],
  [/shortlist_ingest_webhooks_total/, 'no shop sends webhooks here'],
  [
    /shortlist_experiments_(announcements|decisions|failures)_total/,
    'no experiment runs, and no channel is configured',
  ],
  [/shortlist_degraded|stage=~"load/, 'nothing was left out of a slate'],
  [/shortlist_release_offline_score/, 'the release of the tiny shop was not evaluated'],
];
const reasonOf = (expr: string): string | undefined => EMPTY_AT_REST.find(([pattern]) => pattern.test(expr))?.[1];

const promtool = findTool('promtool');
const server = findTool('prometheus');
const absent = promtool.absent || server.absent;

const METRIC =
  /\b(?:shortlist_|nodejs_|process_|kube_|scrape_|dataset(?:_stage)?:)[a-z0-9_:]+(?:\{[^}]*\})?|\bup(?:\{[^}]*\})?|\branking_p99_pressure\b/g;
const panels = DASHBOARDS.flatMap(({ title, rows }) =>
  rows.flatMap((row) =>
    row.panels.flatMap((panel) =>
      panel.queries.map(
        ({ expr }) =>
          [
            `${title} / ${panel.title}`,
            expr.replaceAll('$dataset', 'tiny').replaceAll('$__rate_interval', '1m'),
          ] as const,
      ),
    ),
  ),
);
const recordings = RECORDINGS.map(({ record, expr }) => [record, expr] as const);
/** What alerts are made of; they themselves are silent. */
const selectors = ALERTS.flatMap(({ alert, expr }) =>
  [...expr.matchAll(METRIC)].map(([selector]) => [alert, selector] as const),
);
const asked = [...panels, ...recordings, ...selectors];

let workspace: TemporaryWorkspace;
let prometheus: PrometheusServer | undefined;
const empty = new Map<string, number>();

beforeAll(async () => {
  if (absent) return;
  workspace = await tinyShop();
  const ports = await freePorts();
  await untilUp(startUp(workspace, ports));
  const at = (port: number) => `127.0.0.1:${port}`;
  prometheus = await startPrometheus(server.path, {
    serving: at(ports.admin),
    ingest: at(ports.ingest),
    experiments: at(ports.experiments),
  });
  const deadline = Date.now() + 120_000;
  do {
    await traffic(`http://${at(ports.http)}`, `http://${at(ports.ingest)}`);
    await sleep(1_000);
    empty.clear();
    for (const [, expr] of asked) if (!empty.has(expr)) empty.set(expr, (await prometheus.query(expr)).length);
  } while (Date.now() < deadline && [...empty].some(([expr, series]) => series === 0 && reasonOf(expr) === undefined));
}, 300_000);
afterAll(async () => {
  await prometheus?.stop();
  await stopAll();
  await workspace?.remove();
});

let round = 0;
/** A bit of everything that a shop asks and sends. */
async function traffic(pod: string, ingest: string): Promise<void> {
  round += 1;
  const post = (url: string, body: object) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await post(`${pod}/recommend`, { user_id: SHOPPER, num_items: 3 });
  await post(`${pod}/recommend`, { session_id: `visit-${round}`, num_items: 3 });
  await post(`${pod}/recommend`, { user_id: SHOPPER, num_items: 3, priority: 'prefetch' });
  await post(`${pod}/recommend`, {});
  await fetch(`${pod}/trending?k=3`);
  await fetch(`${pod}/similar-products?product_id=item-1&k=3`);
  await post(`${ingest}/events`, { user_id: SHOPPER, item_id: 'item-1', type: 'view' });
  await post(`${ingest}/events`, { user_id: SHOPPER, type: 'view' });
}

describe(`a real Prometheus that scrapes a pod, ingest and experiments ${absent}`, () => {
  it.skipIf(absent)('reaches all three', async () => {
    const up = await prometheus!.query('up == 1');
    expect(up.map(({ metric }) => metric.job).sort()).toEqual([
      'shortlist-experiments',
      'shortlist-ingest',
      'shortlist-serving',
    ]);
  });

  it.skipIf(absent).each(panels)('%s shows something: %s', (_, expr) => {
    if (reasonOf(expr) === undefined) expect(empty.get(expr)).toBeGreaterThan(0);
  });

  it.skipIf(absent).each(recordings)('%s has a value', (_, expr) => {
    if (reasonOf(expr) === undefined) expect(empty.get(expr)).toBeGreaterThan(0);
  });

  it.skipIf(absent).each(selectors)('%s looks at what there is: %s', (_, selector) => {
    if (reasonOf(selector) === undefined) expect(empty.get(selector)).toBeGreaterThan(0);
  });

  it.skipIf(absent)('finds no alert in a shop at rest', async () => {
    expect((await prometheus!.query('ALERTS{alertstate="firing"}')).map(({ metric }) => metric.alertname)).toEqual([]);
  });

  it.skipIf(absent)('needs every reason why a query is empty', () => {
    for (const [pattern, reason] of EMPTY_AT_REST)
      expect(
        asked.some(([, expr]) => pattern.test(expr) && empty.get(expr) === 0),
        reason,
      ).toBe(true);
  });

  it.skipIf(absent)('gets few series, and quickly', async () => {
    for (const { metric, value } of await prometheus!.query('scrape_samples_scraped')) {
      expect(Number(value[1]), metric.job).toBeGreaterThan(80);
      expect(Number(value[1]), metric.job).toBeLessThan(1_500);
    }
  });
});
