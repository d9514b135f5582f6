import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { RequestMetrics, SECONDS } from '@shortlist/service/observe/request-metrics.ts';
import type { IntakeObserver } from '../events/event-intake.ts';

export interface IngestMetrics extends Pick<RequestMetrics, 'finished' | 'aborted'> {
  readonly registry: Registry;
  readonly events: IntakeObserver;
  readonly records: IntakeObserver;
  readonly contentType: string;
  exposition(): Promise<string>;
}

/** Everything the service counts. Labels are codes of ours, never ids or text of a client. */
export function createMetrics(options: {
  inFlight: () => number;
  waiting: () => number;
  recordsWaiting: () => number;
}): IngestMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new RequestMetrics(registry, options.inFlight);
  const events = new Counter({
    name: 'shortlist_ingest_events_total',
    help: 'Events by what became of them, and at which step the rejected ones fell out.',
    labelNames: ['status', 'stage'],
    registers,
  });
  const commits = new Histogram({
    name: 'shortlist_ingest_commit_duration_seconds',
    help: 'One group commit of events, fsync included.',
    buckets: SECONDS,
    registers,
  });
  const sizes = new Histogram({
    name: 'shortlist_ingest_commit_events',
    help: 'Events in one group commit.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
    registers,
  });
  const records = new Counter({
    name: 'shortlist_ingest_records_total',
    help: 'Slates and exposures from pods by what became of them, and at which step the rejected ones fell out.',
    labelNames: ['status', 'stage'],
    registers,
  });
  const recordCommits = new Histogram({
    name: 'shortlist_ingest_records_commit_duration_seconds',
    help: 'One group commit of slates and exposures, fsync included.',
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: 'shortlist_ingest_queue_records',
    help: 'Slates and exposures that wait for their commit.',
    registers,
    collect() {
      this.set(options.recordsWaiting());
    },
  });
  new Gauge({
    name: 'shortlist_ingest_queue_events',
    help: 'Events that wait for their commit.',
    registers,
    collect() {
      this.set(options.waiting());
    },
  });
  return {
    registry,
    finished: requests.finished.bind(requests),
    aborted: requests.aborted.bind(requests),
    events: {
      commit(count, ms) {
        commits.observe(ms / 1000);
        sizes.observe(count);
      },
      outcome: (status, stage, count) => events.inc({ status, stage }, count),
    },
    records: {
      commit: (_count, ms) => recordCommits.observe(ms / 1000),
      outcome: (status, stage, count) => records.inc({ status, stage }, count),
    },
    contentType: registry.contentType,
    exposition: () => registry.metrics(),
  };
}
