import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Refreshed } from '@shortlist/service/observe/refreshed.ts';
import { RequestMetrics } from '@shortlist/service/observe/request-metrics.ts';
import { ExperimentWatch } from './experiment-watch.ts';

export interface ExperimentsMetrics extends Pick<RequestMetrics, 'finished' | 'aborted'> {
  readonly watch: ExperimentWatch;
  readonly decisions: Counter;
  readonly failures: Counter;
  readonly announcements: Counter;
  readonly analyses: Histogram;
  readonly contentType: string;
  exposition(): Promise<string>;
}

export interface MetricsOptions {
  readonly version: string;
  /** Announcements that wait and that were given up; null while nothing is open. */
  readonly announcements: () => Promise<{ readonly waiting: number; readonly failed: number }> | null;
  readonly inFlight: () => number;
  readonly isLeading: () => boolean;
  /** Version of the snapshot that was published last; 0: none yet. */
  readonly publishedVersion: () => number;
  /** Seconds since then. */
  readonly publishedAgeS: () => number;
}

const ANNOUNCEMENTS_EVERY_MS = 10_000;

/** Everything the service counts. Labels are codes of ours, never names of experiments or text of a client. */
export function createMetrics(options: MetricsOptions): ExperimentsMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new RequestMetrics(registry, options);
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value());
      },
    });
  gauge('shortlist_experiments_leading', '1 in the instance that analyses, decides and publishes.', () =>
    options.isLeading() ? 1 : 0,
  );
  gauge('shortlist_experiments_snapshot_version', 'Version that was published last.', options.publishedVersion);
  gauge(
    'shortlist_experiments_snapshot_age_seconds',
    'Seconds since a snapshot was published last.',
    options.publishedAgeS,
  );
  const announcements = new Refreshed(options.announcements, ANNOUNCEMENTS_EVERY_MS);
  new Gauge({
    name: 'shortlist_experiments_announcements_open',
    help: 'Announcements that wait for their next attempt, and those that were given up.',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = announcements.value;
      this.reset();
      if (counts === null) return;
      this.set({ state: 'waiting' }, counts.waiting);
      this.set({ state: 'given_up' }, counts.failed);
    },
  });
  return {
    watch: new ExperimentWatch(registry, options.isLeading),
    finished: requests.finished.bind(requests),
    aborted: requests.aborted.bind(requests),
    decisions: new Counter({
      name: 'shortlist_experiments_decisions_total',
      help: 'What the rule said, once per experiment and round.',
      labelNames: ['action'],
      registers,
    }),
    failures: new Counter({
      name: 'shortlist_experiments_failures_total',
      help: 'Rounds that failed and are tried again, by what failed.',
      labelNames: ['what'],
      registers,
    }),
    announcements: new Counter({
      name: 'shortlist_experiments_announcements_total',
      help: 'Attempts at announcements by channel and outcome: delivered, failed (tried again), given_up.',
      labelNames: ['channel', 'outcome'],
      registers,
    }),
    analyses: new Histogram({
      name: 'shortlist_experiments_analysis_duration_seconds',
      help: 'Analysis of one experiment.',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300],
      registers,
    }),
    contentType: registry.contentType,
    exposition: () => registry.metrics(),
  };
}
