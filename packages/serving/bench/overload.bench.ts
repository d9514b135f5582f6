/**
 * A pod with more to do than it can: its own process on one core over real HTTP, the generator on the other.
 *
 *   node packages/serving/bench/overload.bench.ts [--items 100000] [--index ivf] [--factor 3] [--seconds 120]
 *     [--prefetch 0] [--lighter true] [--candidates 500] [--json FILE]
 *
 * First the maximum: connections that never pause, answers as they are without load. Then open arrivals at `--factor` times
 * that for `--seconds`, then at 60 % of it. Names are `overload.<factor>x.<figure>`:
 *
 * - `maximum`: answers per second; `goodput`: slates per second that came within 100 ms of the moment at which their
 *   request was meant to be sent, `goodput.share` of the maximum, `lighter` how many of them were made lighter
 * - `accepted.p99`, `shed.p99`: latency of slates and of refusals; `shed`: refusals per second; `errors`: all the others
 * - `shoppers`: share of shoppers' requests that got a slate in time, with `--prefetch` the share of prefetches
 * - `rss.growth`: memory at the end of the overload over that of its first tenth
 * - `recovery`: seconds after the overload until the last refusal, late or lighter answer
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
import type { OverloadOptions, OverloadPhase, OverloadResult } from './http/overload-load.ts';
import { generate } from './http/generator.ts';
import { PodProcess } from './http/pod-process.ts';
import { sessionBodies } from './http/session-bodies.ts';

const DEADLINE_MS = 100;
const STEP_MS = 250;
const POD_CORE = 0;
const MAXIMUM_S = 8;
const RECOVERY_S = 8;
const TROUBLES_SHOWN = 20;
/** Of the maximum, after the overload. */
const USUAL_SHARE = 0.6;
const factor = Number(option('factor', '3'));
const seconds = Number(option('seconds', '120'));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function measure(pod: PodProcess, bodies: readonly string[]): Promise<BenchResult[]> {
  const closed = { url: pod.url, path: '/recommend', bodies, users: 1, seed: 1, connections: 16 };
  await generate('load.ts', { ...closed, seconds: MAXIMUM_S / 2 });
  const { rate: maximum } = (await generate('load.ts', { ...closed, seconds: MAXIMUM_S })) as { rate: number };
  const phases: OverloadPhase[] = [
    { rate: maximum * factor, seconds },
    { rate: maximum * USUAL_SHARE, seconds: RECOVERY_S },
  ];
  const memory: number[] = [];
  const watch = setInterval(() => memory.push(pod.rssBytes()), 1_000);
  const options: OverloadOptions = {
    ...{ url: pod.url, bodies, connections: 512, deadlineMs: DEADLINE_MS, phases, stepMs: STEP_MS },
    prefetchShare: Number(option('prefetch', '0')),
  };
  const { phases: results } = (await generate('overload-load.ts', options)) as OverloadResult;
  clearInterval(watch);
  const [over, after] = results as [OverloadResult['phases'][number], OverloadResult['phases'][number]];
  const perS = (of: (step: (typeof over.steps)[number]) => number): number => sum(over.steps.map(of)) / seconds;
  const during = memory.slice(0, seconds);
  const early = during.slice(Math.floor(seconds / 20), Math.max(2, Math.floor(seconds / 10)));
  const troubles = [over, after].flatMap(({ steps }, phase) =>
    steps.flatMap(({ late, errors }, step) =>
      late + errors > 0
        ? [`${(phase * seconds + (step * STEP_MS) / 1000).toFixed(2)} s: ${late} late, ${errors} errors`]
        : [],
    ),
  );
  for (const trouble of troubles.slice(0, TROUBLES_SHOWN)) console.error(trouble);
  const troubled = after.steps.findLastIndex(({ shed, late, lighter, errors }) => shed + late + lighter + errors > 0);
  const figures: readonly [figure: string, unit: string, value: number][] = [
    ['maximum', 'requests/s', maximum],
    ['sent', 'requests/s', perS(({ sent }) => sent)],
    ['goodput', 'requests/s', perS(({ good }) => good)],
    ['goodput.share', 'share', perS(({ good }) => good) / maximum],
    ['lighter', 'share', perS(({ lighter }) => lighter) / perS(({ good }) => good)],
    ['accepted.p50', 'ms', over.p50],
    ['accepted.p99', 'ms', over.p99],
    ['shed', 'requests/s', perS(({ shed }) => shed)],
    ['shed.p99', 'ms', over.shedP99],
    ['errors', 'requests', seconds * perS(({ errors }) => errors)],
    ['shoppers', 'share', perS(({ shoppersGood }) => shoppersGood) / perS(({ shoppers }) => shoppers)],
    ['rss.growth', 'ratio', sum(during.slice(-5)) / 5 / (sum(early) / early.length)],
    ['recovery', 's', ((troubled + 1) * STEP_MS) / 1000],
    ['generator.late', 'ms', over.lateMs],
  ];
  return figures.map(([figure, unit, value]) => summarised(`overload.${factor}x.${figure}`, unit, [value]));
}

goFirst();
const folder = await mkdtemp(join(tmpdir(), 'overload-bench-'));
try {
  const release = await benchRelease(Number(option('items', '100000')), option('index', 'ivf') as IndexKind);
  const candidatesMax = Number(option('candidates', '500'));
  await placeRelease(release, { home: folder, dataset: 'bench' }, { candidatesMax });
  const catalog = Catalog.fromArrow(await readFile(join(release, 'items.arrow')));
  const pod = await PodProcess.start({
    core: POD_CORE,
    logFile: join(folder, 'pod.log'),
    nodeOptions: option('node-options', '').split(' ').filter(Boolean),
    variables: {
      SHORTLIST_HOME: folder,
      SHORTLIST_DATASET: 'bench',
      SHORTLIST_HTTP_HOST: '127.0.0.1',
      SHORTLIST_DEADLINE_MS: String(DEADLINE_MS),
      SHORTLIST_DEGRADE_UNDER_LOAD: option('lighter', 'true'),
      SHORTLIST_CLOCK_OFFSET_S: String(Math.round(NOW_S - Date.now() / 1000)),
    },
  });
  try {
    report(await measure(pod, sessionBodies(catalog)));
  } finally {
    await pod.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
