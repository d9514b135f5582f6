/**
 * What watching costs a pod:
 *
 *   node packages/serving/bench/observing.bench.ts [--repeats 15] [--json FILE]
 *
 * `observe.request.*` is CPU time a request of seven stages: its metrics, and its timings while tracing is off, on with
 * the request outside the sample, and on inside it (spans, their JSON, sending, and a collector in this process that
 * throws them away). `observe.scrape.*` is one scrape: of a pod that serves slates, and of one that has seen every route
 * with every status and tier.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ERRORS } from '@shortlist/core/contracts/errors.ts';
import { TIERS } from '@shortlist/core/contracts/recommend.ts';
import type { FinishedRequest } from '@shortlist/service/observe/finished-request.ts';
import { createOtlpTracing } from '@shortlist/service/observe/otlp-tracing.ts';
import { RequestTimings } from '@shortlist/service/observe/request-timings.ts';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';
import { interleaved, report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { Admission, NO_ADMISSION } from '../src/admission/admission.ts';
import { createMetrics, type Metrics } from '../src/observe/metrics.ts';
import { STAGES } from '../src/pipeline.ts';
import { ROUTES } from '../src/routes/routes.ts';

const REPEATS = Number(process.argv[process.argv.indexOf('--repeats') + 1]) || 15;
const CALLS = 20_000;
/** In the sample: fewer than wait for the collector at most. */
const TRACED = 400;

const metricsOf = (): Metrics => {
  const admission = new Admission({ limits: NO_ADMISSION });
  const none = () => null;
  return createMetrics({
    ...{
      version: 'bench',
      releases: none,
      pipeline: none,
      database: none,
      live: none,
      records: none,
      assignments: none,
    },
    inFlight: () => 0,
    admission: () => admission.status(),
  });
};

const head = {
  method: 'POST',
  path: '/recommend',
  headers: { 'x-request-id': '', 'sec-fetch-site': '', traceparent: '' },
};
const finishedOf = (timings: RequestTimings): FinishedRequest => ({
  ...{
    requestId: 'bench',
    method: 'POST',
    route: '/recommend',
    status: 200,
    ms: 2,
    tier: 'personalized',
    degraded: [],
    timings,
  },
});

/** What router and stages do for the timings of a request. */
function pass(tracing: Tracing | null): void {
  const timings = tracing?.begin(head) ?? new RequestTimings();
  for (const { name } of STAGES) timings.stage(name, 0.2);
  timings.finished(finishedOf(timings));
}

async function scrapes(name: string, metrics: Metrics): Promise<BenchResult[]> {
  const cpu: number[] = [];
  let text = '';
  for (let repeat = -3; repeat < REPEATS; repeat++) {
    const before = process.cpuUsage();
    text = await metrics.exposition();
    const { user, system } = process.cpuUsage(before);
    if (repeat >= 0) cpu.push((user + system) / 1000);
  }
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  return [
    summarised(`observe.scrape.${name}.cpu`, 'ms', cpu),
    summarised(`observe.scrape.${name}.bytes`, 'bytes', [Buffer.byteLength(text)]),
    summarised(`observe.scrape.${name}.series`, 'series', [series]),
  ];
}

const collector = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('{}'));
});
await once(collector.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
const tracingOf = (share: number): Tracing =>
  createOtlpTracing({
    url,
    share,
    service: 'bench',
    version: '1',
    dataset: 'demo',
    onFailure: (error) => console.error(error),
  });

const usual = metricsOf();
const timings = new RequestTimings();
for (const { name } of STAGES) timings.stage(name, 0.2);
const request = finishedOf(timings);
const outside = tracingOf(0);
const results = interleaved(
  {
    'observe.request.metrics': () => usual.finished(request),
    'observe.request.traces_off': () => pass(null),
    'observe.request.traces_outside_sample': () => pass(outside),
  },
  { repeats: REPEATS, calls: CALLS },
);
const inSample: number[] = [];
for (let repeat = -3; repeat < REPEATS; repeat++) {
  const tracing = tracingOf(1);
  const before = process.cpuUsage();
  for (let call = 0; call < TRACED; call++) pass(tracing);
  await tracing.close();
  const { user, system } = process.cpuUsage(before);
  if (repeat >= 0) inSample.push((user + system) / TRACED);
}
results.push(summarised('observe.request.traces_in_sample', 'cpu_us', inSample));
await outside.close();
collector.close();

for (const tier of TIERS) usual.finished({ ...request, tier });
results.push(...(await scrapes('usual', usual)));
const worst = metricsOf();
const statuses = new Set([200, 500, ...Object.values(ERRORS).map(({ status }) => status)]);
for (const { path } of ROUTES)
  for (const status of statuses) worst.finished({ ...request, route: path, status, tier: '' });
for (const { name } of STAGES) for (const tier of TIERS) worst.finished({ ...request, tier, degraded: [name] });
results.push(...(await scrapes('worst', worst)));
report(results);
