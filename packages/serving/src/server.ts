import type { Logger } from 'pino';
import { createServicePorts, type ServicePorts } from '@shortlist/service/ports.ts';
import { openApiOf } from '@shortlist/service/routing/openapi.ts';
import type { Config } from './config.ts';
import type { Lifecycle } from './lifecycle.ts';
import { createMetrics } from './observe/metrics.ts';
import type { PipelineObserver } from './recommender.ts';
import type { Services } from './routes/route.ts';
import { ROUTES } from './routes/routes.ts';

export interface PodServerOptions {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly version: string;
  /** In [0, 1); decides which requests get a log line. `Math.random` by default. */
  readonly chance?: () => number;
}

export interface PodServer extends ServicePorts {
  /** What the pipeline reports its batches to. */
  readonly observer: PipelineObserver;
}

const DESCRIPTION =
  'Recommendations for a user or a session. Every answer says its `tier`: a fallback never passes for a personal result. Every refusal has the same shape and a stable `code`; quote its `request_id` (yours, when you send a printable `x-request-id` of at most 128 characters).';

/** The public port and the admin port of one pod. */
export async function createPodServer(options: PodServerOptions): Promise<PodServer> {
  const { config, lifecycle, log, version, chance } = options;
  const metrics = createMetrics({
    releaseStatus: () => lifecycle.releaseStatus,
    live: () => lifecycle.live,
    records: () => lifecycle.records,
    assignments: () => lifecycle.assignments,
    inFlight: () => ports.inFlight(),
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
    onDrain: () => lifecycle.drain(),
    ...(chance === undefined ? {} : { chance }),
  });
  return { ...ports, observer: metrics.pipeline };
}
