/**
 * A pod whose release is swapped again and again under load: its own process on one core over real HTTP, the generator on
 * the other.
 *
 *   node packages/serving/bench/reload.bench.ts [--items 100000] [--index ivf] [--swaps 50] [--share 0.4] [--json FILE]
 *
 * Open arrivals at `--share` of the maximum. The releases take turns, so that each has to be loaded again. Names are
 * `reload.<figure>`: `errors` and `refused`: requests without a slate; `lighter`: slates that were made lighter; `p99`, of
 * all requests, and `slowest`; `load`: time of one swap; `rss.5`, `rss.end` and their ratio `rss.growth`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import type { IndexKind } from '@shortlist/core/retrieval/vector-index.ts';
import { goFirst } from '../../core/bench/go-first.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { NOW_S } from '../../core/bench/retrieval-shop.ts';
import { benchRelease, placeRelease } from './http/bench-release.ts';
import type { OverloadOptions, OverloadResult } from './http/overload-load.ts';
import { PodProcess } from './http/pod-process.ts';
import { sessionBodies } from './http/session-bodies.ts';
import { generate, generator } from './http/generator.ts';

const POD_CORE = 0;
const MAXIMUM_S = 5;
const WARM_SWAPS = 5;
/** So many that none is still there when its turn comes again. */
const RELEASES = 25;
/** No request lives longer here; releases are closed after twice as long. */
const DEADLINE_MS = 100;
const LONGEST_S = 900;
const swaps = Number(option('swaps', '50'));

async function measure(pod: PodProcess, ids: readonly string[], bodies: readonly string[]): Promise<BenchResult[]> {
  const closed = { url: pod.url, path: '/recommend', bodies, users: 1, seed: 1, connections: 16, seconds: MAXIMUM_S };
  const { rate: maximum } = (await generate('load.ts', closed)) as { rate: number };
  const options: OverloadOptions = {
    ...{ url: pod.url, bodies, connections: 256, deadlineMs: DEADLINE_MS, prefetchShare: 0, stepMs: 1_000 },
    phases: [{ rate: maximum * Number(option('share', '0.4')), seconds: LONGEST_S }],
  };
  const load = generator('overload-load.ts', options);
  const [loadsMs, rss]: [number[], number[]] = [[], []];
  for (let swap = 1; swap <= swaps; swap++) {
    const startedMs = performance.now();
    const response = await fetch(`${pod.adminUrl}/reload-model?release=${ids[swap % ids.length]!}`, { method: 'POST' });
    if (!response.ok) throw new Error(`swap ${swap}: ${await response.text()}`);
    loadsMs.push(performance.now() - startedMs);
    rss.push(pod.rssBytes());
  }
  load.child.kill('SIGTERM');
  const [{ steps, p99, slowest }] = ((await load.result) as OverloadResult).phases as [
    OverloadResult['phases'][number],
  ];
  const total = (of: (step: (typeof steps)[number]) => number): number =>
    steps.reduce((sum, step) => sum + of(step), 0);
  const [early, end] = [rss[WARM_SWAPS - 1] ?? NaN, rss.at(-1)!];
  return [
    summarised('reload.sent', 'requests', [total(({ sent }) => sent)]),
    summarised('reload.errors', 'requests', [total(({ errors }) => errors)]),
    summarised('reload.refused', 'requests', [total(({ shed }) => shed)]),
    summarised('reload.lighter', 'requests', [total(({ lighter }) => lighter)]),
    summarised('reload.p99', 'ms', [p99]),
    summarised('reload.slowest', 'ms', [slowest]),
    summarised('reload.load', 'ms', loadsMs),
    summarised('reload.rss.5', 'bytes', [early]),
    summarised('reload.rss.end', 'bytes', [end]),
    summarised('reload.rss.most', 'bytes', [Math.max(...rss)]),
    summarised('reload.rss.growth', 'ratio', [end / early]),
  ];
}

goFirst();
const folder = await mkdtemp(join(tmpdir(), 'reload-bench-'));
try {
  const release = await benchRelease(Number(option('items', '100000')), option('index', 'ivf') as IndexKind);
  const ids: string[] = [];
  for (let n = 0; n < RELEASES; n++) {
    const place = { home: folder, dataset: 'bench' };
    ids.unshift((await placeRelease(release, place, { candidatesMax: 500, profileEventsMax: 100 + n })).id);
  }
  const catalog = Catalog.fromArrow(await readFile(join(release, 'items.arrow')));
  const pod = await PodProcess.start({
    core: POD_CORE,
    logFile: join(folder, 'pod.log'),
    nodeOptions: option('node-options', '').split(' ').filter(Boolean),
    variables: {
      SHORTLIST_HOME: folder,
      SHORTLIST_DATASET: 'bench',
      SHORTLIST_HTTP_HOST: '127.0.0.1',
      SHORTLIST_DEADLINE_MAX_MS: String(DEADLINE_MS),
      SHORTLIST_CLOCK_OFFSET_S: String(Math.round(NOW_S - Date.now() / 1000)),
    },
  });
  try {
    report(await measure(pod, ids, sessionBodies(catalog)));
  } finally {
    await pod.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
