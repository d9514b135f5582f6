import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { RequestMetrics } from '@shortlist/service/observe/request-metrics.ts';
import type { RunnerObserver } from '../runtime/kind-runner.ts';
import type { KindCounts } from '../runtime/operator.ts';

export interface ControllerMetrics extends Pick<RequestMetrics, 'finished' | 'aborted'> {
  readonly runner: RunnerObserver;
  readonly contentType: string;
  exposition(): Promise<string>;
}

export interface MetricsOptions {
  readonly version: string;
  readonly inFlight: () => number;
  readonly isLeading: () => boolean;
  /** Ms since the Kubernetes API answered last; null: never. */
  readonly silentMs: () => number | null;
  readonly counts: () => readonly KindCounts[];
}

/** Everything the controller counts. Labels are kinds, plurals and words of ours, never names of objects. */
export function createMetrics(options: MetricsOptions): ControllerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new RequestMetrics(registry, options);
  new Gauge({
    ...{ name: 'shortlist_controller_leading', help: '1 in the replica that reconciles.', registers },
    collect() {
      this.set(options.isLeading() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'shortlist_controller_api_silence_seconds',
    help: 'Seconds since the Kubernetes API answered the election last; absent until it did.',
    labelNames: [],
    registers,
    collect() {
      const ms = options.silentMs();
      this.reset();
      if (ms !== null) this.set(ms / 1000);
    },
  });
  const perKind = (name: string, help: string, of: (counts: KindCounts) => number) =>
    new Gauge({
      ...{ name, help, labelNames: ['kind'], registers },
      collect() {
        this.reset();
        for (const counts of options.counts()) this.set({ kind: counts.kind }, of(counts));
      },
    });
  perKind('shortlist_controller_objects', 'Objects of the kind, in the leader.', ({ objects }) => objects);
  perKind(
    'shortlist_controller_queue_depth',
    'Objects that wait to be reconciled, whether due or not, in the leader.',
    ({ waiting }) => waiting,
  );
  perKind('shortlist_controller_reconciling', 'Objects that are being reconciled.', ({ busy }) => busy);
  const durations = new Histogram({
    name: 'shortlist_controller_reconcile_duration_seconds',
    help: 'Reconciliations by kind and result: ok, failed (tried again).',
    labelNames: ['kind', 'result'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
    registers,
  });
  const conflicts = new Counter({
    name: 'shortlist_controller_conflicts_total',
    help: 'Writes that somebody else was faster than; tried again with the object read anew.',
    labelNames: ['kind'],
    registers,
  });
  const restarts = new Counter({
    name: 'shortlist_controller_watch_restarts_total',
    help: 'Watches that began anew: closed and relist are usual; gone, unreachable and refused are not.',
    labelNames: ['resource', 'reason'],
    registers,
  });
  return {
    finished: requests.finished.bind(requests),
    aborted: requests.aborted.bind(requests),
    runner: {
      reconciled: (kind, result, ms) => durations.observe({ kind, result }, ms / 1000),
      conflicted: (kind) => conflicts.inc({ kind }),
      watchRestarted: (resource, reason) => restarts.inc({ resource, reason }),
    },
    contentType: registry.contentType,
    exposition: () => registry.metrics(),
  };
}
