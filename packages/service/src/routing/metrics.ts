import { text } from '../http/replies.ts';
import type { Route } from './route.ts';

/** What this route needs of a service. */
interface Measured {
  readonly metrics: { readonly contentType: string; exposition(): Promise<string> };
}

export const METRICS_ROUTE: Route<Measured> = {
  method: 'GET',
  path: '/metrics',
  port: 'public',
  group: 'Operation',
  summary: 'Metrics in the exposition format of Prometheus.',
  answers: 'text/plain',
  errors: [],
  handle: async (_call, { metrics }) => text(200, metrics.contentType, await metrics.exposition()),
};
