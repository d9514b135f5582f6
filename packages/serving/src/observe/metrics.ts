import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FinishedRequest } from '@shortlist/service/observe/finished-request.ts';
import { registerDatabase } from '@shortlist/service/observe/database-metrics.ts';
import { RequestMetrics, SECONDS } from '@shortlist/service/observe/request-metrics.ts';
import type { AssignmentFacts, DatabaseFacts, LiveFacts, RecordFacts } from '../lifecycle.ts';
import type { PipelineFacts, PipelineObserver, ReleaseControl } from '../recommender.ts';
import type { AdmissionStatus } from '../admission/admission.ts';
import { registerAdmission } from './admission-metrics.ts';
import { registerAssignments } from './assignment-metrics.ts';
import { registerPipeline } from './pipeline-metrics.ts';
import { quantiles, type Quantiles } from './quantiles.ts';
import { registerRecords } from './record-metrics.ts';
import { registerRelease } from './release-metrics.ts';

const POWERS_OF_TWO = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** Everything that is counted. Labels are routes, stages, tiers and codes of ours, never ids or text of a client. */
export interface Metrics {
  readonly pipeline: PipelineObserver;
  finished(request: FinishedRequest): void;
  /** A client went away before its answer. */
  aborted(): void;
  /** The exposition format of Prometheus. */
  exposition(): Promise<string>;
  readonly contentType: string;
  snapshot(): Promise<MetricsSnapshot>;
}

/** What the dashboard shows; all since the process started. */
export interface MetricsSnapshot {
  readonly requests: readonly { route: string; status: string; tier: string; count: number }[];
  readonly degraded: readonly { stage: string; count: number }[];
  readonly routes: readonly Quantiles[];
  readonly stages: readonly Quantiles[];
  readonly queueDepth: number;
}

export interface MetricsOptions {
  readonly version: string;
  /** Null while nothing is loaded. */
  readonly releases: () => ReleaseControl | null;
  /** Null while nothing is loaded. */
  readonly pipeline: () => PipelineFacts | null;
  /** Null while nothing is loaded, and without a database. */
  readonly database: () => DatabaseFacts | null;
  /** Null while nothing is loaded. */
  readonly live: () => Pick<LiveFacts, 'lagS' | 'leaks'> | null;
  /** Null while nothing is loaded, and where nothing is recorded. */
  readonly records: () => RecordFacts | null;
  /** Null while nothing is loaded. */
  readonly assignments: () => AssignmentFacts | null;
  readonly inFlight: () => number;
  readonly admission: () => AdmissionStatus;
}

export function createMetrics(options: MetricsOptions): Metrics {
  const { live, records, assignments, inFlight, admission, version } = options;
  const registry = new Registry();
  const registers = [registry];
  const all = new RequestMetrics(registry, { inFlight, version });
  const stages = new Histogram({
    name: 'shortlist_stage_duration_seconds',
    help: 'Time one request spent in a stage of the pipeline.',
    labelNames: ['stage'],
    buckets: SECONDS,
    registers,
  });
  const degraded = new Counter({
    name: 'shortlist_degraded_total',
    help: 'Answers given without this stage.',
    labelNames: ['stage'],
    registers,
  });
  const fallbacks = new Counter({
    name: 'shortlist_fallback_total',
    help: 'Slates that were not personal, by the tier that was served.',
    labelNames: ['tier'],
    registers,
  });
  const batchRequests = new Histogram({
    name: 'shortlist_batch_requests',
    help: 'Requests ranked in one call of the model.',
    buckets: POWERS_OF_TWO,
    registers,
  });
  const batchRows = new Histogram({
    name: 'shortlist_batch_rows',
    help: 'Candidates ranked in one call of the model.',
    buckets: POWERS_OF_TWO,
    registers,
  });
  const queueDepth = new Gauge({
    name: 'shortlist_queue_depth',
    help: 'Requests that wait for their batch.',
    registers,
  });
  new Gauge({
    name: 'shortlist_live_lag_seconds',
    help: 'Age of the live state (stock, prices, counters); absent in a pod that follows none.',
    registers,
    collect() {
      this.reset();
      const lagS = live()?.lagS ?? null;
      if (lagS !== null) this.set({}, lagS);
      else this.remove();
    },
  });
  new Counter({
    name: 'shortlist_out_of_stock_leaks_total',
    help: 'Items of the compared slates that were served although they had been out of stock for over a second.',
    registers,
    collect() {
      this.reset();
      this.inc(live()?.leaks ?? 0);
    },
  });
  registerRecords(registry, records);
  registerAssignments(registry, assignments);
  registerAdmission(registry, admission);
  registerRelease(registry, options.releases);
  registerPipeline(registry, options.pipeline);
  registerDatabase(registry, options.database);
  const queueWaits = new Histogram({
    name: 'shortlist_queue_wait_seconds',
    help: 'How long requests waited for their batch, by priority.',
    labelNames: ['priority'],
    buckets: SECONDS,
    registers,
  });
  const profileReads = new Counter({
    name: 'shortlist_profile_reads_total',
    help: 'Profiles by the tier that gave them (memory, redis, log) and whether there was anything.',
    labelNames: ['tier', 'found'],
    registers,
  });
  const answerCaches = new Counter({
    name: 'shortlist_answer_cache_total',
    help: 'Answers by cache and outcome: hit, miss, or failure when the cache could not answer.',
    labelNames: ['cache', 'outcome'],
    registers,
  });

  return {
    pipeline: {
      batch(requestCount, rows) {
        batchRequests.observe(requestCount);
        batchRows.observe(rows);
      },
      queueDepth: (depth) => queueDepth.set(depth),
      queued: (priority, waitedMs) => queueWaits.observe({ priority }, waitedMs / 1000),
      profileRead: (tier, found) => profileReads.inc({ tier, found: String(found) }),
      answerCache: (cache, outcome) => answerCaches.inc({ cache, outcome }),
    },
    finished(request) {
      all.finished(request);
      const { tier, timings, degraded: without } = request;
      timings?.forEach((stage, stageMs) => stages.observe({ stage }, stageMs / 1000));
      for (const stage of without) degraded.inc({ stage });
      if (tier !== '' && tier !== 'personalized') fallbacks.inc({ tier });
    },
    aborted: () => all.aborted(),
    exposition: () => registry.metrics(),
    contentType: registry.contentType,
    async snapshot() {
      const [requestValues, degradedValues, queue] = await Promise.all([
        all.requests.get(),
        degraded.get(),
        queueDepth.get(),
      ]);
      return {
        requests: requestValues.values.map(({ labels, value }) => ({
          route: String(labels.route),
          status: String(labels.status),
          tier: String(labels.tier),
          count: value,
        })),
        degraded: degradedValues.values.map(({ labels, value }) => ({ stage: String(labels.stage), count: value })),
        routes: quantiles(await all.durations.get(), 'route'),
        stages: quantiles(await stages.get(), 'stage'),
        queueDepth: queue.values[0]?.value ?? 0,
      };
    },
  };
}
