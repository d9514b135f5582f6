import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { FinishedRequest } from './finished-request.ts';
import { registerProcess } from './process-metrics.ts';

/** Seconds. Dense from 20 us to 10 ms, where the stages live, and around the 100 ms promise. */
export const SECONDS = [
  0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075,
  0.1, 0.15, 0.25, 0.5, 1, 2.5,
];

/** What every service counts of its requests. Labels are routes and codes of ours, never ids or text of a client. */
export class RequestMetrics {
  readonly requests: Counter;
  readonly durations: Histogram;
  readonly #aborted: Counter;

  constructor(registry: Registry, options: { readonly inFlight: () => number; readonly version: string }) {
    const registers = [registry];
    registerProcess(registry, options.version);
    this.requests = new Counter({
      name: 'shortlist_requests_total',
      help: 'Answers by route, status and tier (empty where a route has no tier).',
      labelNames: ['route', 'status', 'tier'],
      registers,
    });
    this.durations = new Histogram({
      name: 'shortlist_request_duration_seconds',
      help: 'From the complete request to its answer, by route and tier (empty where there is none, also for refusals).',
      labelNames: ['route', 'tier'],
      buckets: SECONDS,
      registers,
    });
    this.#aborted = new Counter({
      name: 'shortlist_aborted_total',
      help: 'Clients that went away before their answer.',
      registers,
    });
    new Gauge({
      name: 'shortlist_requests_in_flight',
      help: 'Requests without an answer.',
      registers,
      collect() {
        this.set(options.inFlight());
      },
    });
  }

  finished({ route, status, tier, ms }: FinishedRequest): void {
    this.requests.inc({ route, status: String(status), tier });
    this.durations.observe({ route, tier }, ms / 1000);
  }

  /** A client went away before its answer. */
  aborted(): void {
    this.#aborted.inc();
  }
}
