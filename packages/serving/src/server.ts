import type { Logger } from 'pino';
import { createServicePorts, type ServicePorts } from '@shortlist/service/ports.ts';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';
import { openApiOf } from '@shortlist/service/routing/openapi.ts';
import type { Admission } from './admission/admission.ts';
import { PRIORITY_HEADER, priorityOf } from './admission/priority.ts';
import type { Config } from './config.ts';
import type { Lifecycle } from './lifecycle.ts';
import { createMetrics, type Metrics } from './observe/metrics.ts';
import type { PipelineObserver } from './recommender.ts';
import type { Services } from './routes/route.ts';
import { ROUTES } from './routes/routes.ts';

export interface PodServerOptions {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
  readonly admission: Admission;
  readonly log: Logger;
  readonly version: string;
  readonly tracing?: Tracing | null;
  /** In [0, 1); decides which requests get a log line. `Math.random` by default. */
  readonly chance?: () => number;
}

export interface PodServer extends ServicePorts {
  readonly metrics: Metrics;
  /** What the pipeline reports its batches to. */
  readonly observer: PipelineObserver;
}

/** Requests for these are refused before their body is read while as many as may be are in flight. */
const ADMITTED: ReadonlySet<string> = new Set(
  ROUTES.filter(({ port, group }) => port === 'public' && group !== undefined && group !== 'Operation').map(
    ({ path }) => path,
  ),
);

const DESCRIPTION =
  'Recommendations for a user or a session. Every answer says its `tier`: a fallback never passes for a personal result. Every refusal has the same shape and a stable `code`; quote its `request_id` (yours, when you send a printable `x-request-id` of at most 128 characters).';

/** The public port and the admin port of one pod. */
export async function createPodServer(options: PodServerOptions): Promise<PodServer> {
  const { config, lifecycle, admission, log, version, chance, tracing = null } = options;
  const metrics = createMetrics({
    version,
    releases: () => lifecycle.releaseControl,
    pipeline: () => lifecycle.pipelineFacts,
    database: () => lifecycle.database,
    live: () => lifecycle.live,
    records: () => lifecycle.records,
    assignments: () => lifecycle.assignments,
    inFlight: () => ports.inFlight(),
    admission: () => admission.status(),
  });
  let openapi: string | undefined;
  const services: Services = {
    lifecycle,
    metrics,
    about: { version, dataset: config.dataset, http: config.httpServer },
    openapi: () =>
      (openapi ??= JSON.stringify(openApiOf(ROUTES, { title: 'Shortlist', version, description: DESCRIPTION }))),
  };
  const ports = await createServicePorts({
    config,
    log,
    routes: ROUTES,
    services,
    metrics,
    tracing,
    headers: [PRIORITY_HEADER],
    refusal: ({ path, headers }) =>
      ADMITTED.has(path) ? admission.refusal(priorityOf(headers[PRIORITY_HEADER])) : null,
    onDrain: () => lifecycle.drain(),
    ...(chance === undefined ? {} : { chance }),
  });
  return { ...ports, metrics, observer: metrics.pipeline };
}
