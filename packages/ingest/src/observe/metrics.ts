import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { EVENT_TYPES } from '@shortlist/core/contracts/events.ts';
import { registerDatabase } from '@shortlist/service/observe/database-metrics.ts';
import { Refreshed } from '@shortlist/service/observe/refreshed.ts';
import { RequestMetrics, SECONDS } from '@shortlist/service/observe/request-metrics.ts';
import type { IntakeObserver } from '../events/event-intake.ts';

export interface IngestMetrics extends Pick<RequestMetrics, 'finished' | 'aborted'> {
  readonly registry: Registry;
  readonly events: IntakeObserver;
  readonly records: IntakeObserver;
  /** What became of a webhook. */
  webhook(outcome: WebhookOutcome): void;
  readonly contentType: string;
  exposition(): Promise<string>;
}

export type WebhookOutcome = 'accepted' | 'duplicate' | 'rejected' | 'refused';

interface Connections {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

const REJECTED_EVERY_MS = 10_000;

/** Everything the service counts. Labels are codes of ours, never ids or text of a client. */
export function createMetrics(options: {
  version: string;
  inFlight: () => number;
  waiting: () => number;
  recordsWaiting: () => number;
  /** Rejected events and records that nobody has looked at; null while nothing is open. */
  rejectedWaiting: () => Promise<number> | null;
  database: () => Connections | null;
}): IngestMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new RequestMetrics(registry, options);
  const events = new Counter({
    name: 'shortlist_ingest_events_total',
    help: 'Events by what became of them, and at which step the rejected ones fell out.',
    labelNames: ['status', 'stage'],
    registers,
  });
  const types = new Counter({
    name: 'shortlist_ingest_accepted_events_total',
    help: 'Events that were stored, by type: what shoppers do.',
    labelNames: ['type'],
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
  const webhooks = new Counter({
    name: 'shortlist_ingest_webhooks_total',
    help: 'Webhooks of shops; refused: not signed by the shop; rejected: signed, not understood, kept with the reason.',
    labelNames: ['outcome'],
    registers,
  });
  const rejected = new Refreshed(options.rejectedWaiting, REJECTED_EVERY_MS);
  new Gauge({
    name: 'shortlist_ingest_rejected_waiting',
    help: 'Rejected events and records that are kept until somebody takes or discards them.',
    registers,
    collect() {
      const count = rejected.value;
      if (count === null) this.remove();
      else this.set(count);
    },
  });
  registerDatabase(registry, options.database);
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
      stored: (type, count) => types.inc({ type: EVENT_TYPES[type]! }, count),
    },
    records: {
      commit: (_count, ms) => recordCommits.observe(ms / 1000),
      outcome: (status, stage, count) => records.inc({ status, stage }, count),
    },
    webhook: (outcome) => webhooks.inc({ outcome }),
    contentType: registry.contentType,
    exposition: () => registry.metrics(),
  };
}
