import type { Logger } from 'pino';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { codedDatabaseError } from '@shortlist/core/stores/postgres/connection.ts';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';
import { createServicePorts, type ServicePorts } from '@shortlist/service/ports.ts';
import type { Phase, Readiness } from '@shortlist/service/routing/health.ts';
import { openApiOf } from '@shortlist/service/routing/openapi.ts';
import type { Config } from './config.ts';
import { createMetrics, type IngestMetrics } from './observe/metrics.ts';
import { clockOf, type OpenedIngest } from './open-ingest.ts';
import type { Services } from './routes/route.ts';
import { ROUTE_HEADERS, ROUTES } from './routes/routes.ts';

const DESCRIPTION =
  'Events and catalogue changes in. An answer of 2xx means: on disk. Sent again under the same `event_id`, an event counts once; so after a 503, or no answer, send again.';

export interface IngestServer extends ServicePorts {
  readonly metrics: IngestMetrics;
  /** From here on it takes events. */
  serve(opened: OpenedIngest): void;
}

/** The ports of one ingest process. */
export async function createIngestServer(
  config: Config,
  log: Logger,
  version: string,
  tracing: Tracing | null = null,
): Promise<IngestServer> {
  let opened: OpenedIngest | undefined;
  let draining = false;
  const lifecycle = {
    get phase(): Phase {
      return draining ? 'draining' : opened === undefined ? 'starting' : 'serving';
    },
    ready(): Readiness {
      if (draining) return { ready: false, reason: 'the process is draining' };
      return opened === undefined ? { ready: false, reason: STARTING } : { ready: true };
    },
  };
  const metrics = createMetrics({
    version,
    inFlight: () => ports.inFlight(),
    rejectedWaiting: () => opened?.intake?.stores.rejected.count() ?? null,
    database: () => opened?.database ?? null,
    waiting: () => opened?.intake?.events.depth ?? 0,
    recordsWaiting: () => opened?.intake?.records.depth ?? 0,
  });
  let openapi: string | undefined;
  const services: Services = {
    lifecycle,
    metrics,
    limits: config,
    nowS: clockOf(config),
    codedError: (error) => codedDatabaseError(error, config.databaseUrl),
    intake() {
      if (opened === undefined) throw new ShortlistError('not_ready', { reason: STARTING });
      if (opened.intake === null) throw new ShortlistError('not_ready', { reason: 'this process has no role api' });
      return opened.intake;
    },
    async status() {
      const { rss, heapUsed } = process.memoryUsage();
      return {
        ...lifecycle.ready(),
        phase: lifecycle.phase,
        uptime_s: Math.round(process.uptime() * 10) / 10,
        dataset: config.dataset,
        version,
        ...(await opened?.status()),
        process: { pid: process.pid, node: process.version, rss_bytes: rss, heap_used_bytes: heapUsed },
      };
    },
    openapi: () =>
      (openapi ??= JSON.stringify(openApiOf(ROUTES, { title: 'Shortlist ingest', version, description: DESCRIPTION }))),
  };
  const ports = await createServicePorts({
    config,
    log,
    routes: ROUTES,
    services,
    metrics,
    headers: ROUTE_HEADERS,
    tracing,
    onDrain: () => (draining = true),
  });
  return { ...ports, metrics, serve: (ingest) => (opened = ingest) };
}

const STARTING = 'the database is being opened';
