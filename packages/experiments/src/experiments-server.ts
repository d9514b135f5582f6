import type { Logger } from 'pino';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { codedDatabaseError } from '@shortlist/core/stores/postgres/connection.ts';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';
import { createServicePorts, type ServicePorts } from '@shortlist/service/ports.ts';
import type { Phase, Readiness } from '@shortlist/service/routing/health.ts';
import { openApiOf } from '@shortlist/service/routing/openapi.ts';
import type { Config } from './config.ts';
import type { LeaderObserver } from './leader/leader.ts';
import { createMetrics } from './observe/metrics.ts';
import { clockOf, type OpenedExperiments, type OpenOptions } from './open-experiments.ts';
import type { Services } from './routes/route.ts';
import { ROUTE_HEADERS, ROUTES } from './routes/routes.ts';
import { authorizeBy } from './routes/write-token.ts';

const DESCRIPTION =
  'Experiments: what is split, the numbers, and what became of it. Documents are those of `shortlist experiment apply`, in YAML or JSON; send `If-Match: "<resourceVersion>"` to write only over what you have read, and `X-Shortlist-Actor` to say who you are. What changes anything needs `Authorization: Bearer <token>` where the service was given a SHORTLIST_EXPERIMENTS_WRITE_TOKEN; without one keep the port private.';

export interface ExperimentsServer extends ServicePorts {
  /** What happens in the background goes into the metrics and the log. */
  readonly observing: Pick<OpenOptions, 'observer' | 'onAnnounced'>;
  /** From here on it answers. */
  serve(opened: OpenedExperiments): void;
}

/** The ports of one experiments process. */
export async function createExperimentsServer(
  config: Config,
  log: Logger,
  version: string,
  tracing: Tracing | null = null,
): Promise<ExperimentsServer> {
  let opened: OpenedExperiments | undefined;
  let draining = false;
  let published = { version: 0, atMs: 0 };
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
    announcements: () => opened?.store.announcementCounts() ?? null,
    isLeading: () => opened?.isLeading() ?? false,
    publishedVersion: () => published.version,
    publishedAgeS: () => (published.version === 0 ? 0 : (performance.now() - published.atMs) / 1000),
  });
  const observer: LeaderObserver = {
    failed(what, error) {
      metrics.failures.inc({ what });
      log.warn({ what, err: error }, 'tried again');
    },
    round: (all, split) => metrics.watch.round(all, split),
    analysed(experiment, ms, evidence) {
      metrics.analyses.observe(ms / 1000);
      metrics.watch.analysed(experiment, evidence);
    },
    decided(experiment, { action, variant, reason }) {
      metrics.decisions.inc({ action });
      const level = action === 'hold' ? 'debug' : 'info';
      log[level]({ experiment, action, variant, reason }, 'decided');
    },
    published: (number) => (published = { version: number, atMs: performance.now() }),
  };
  const onAnnounced: OpenOptions['onAnnounced'] = (channel, outcome, reason) => {
    metrics.announcements.inc({ channel, outcome });
    if (outcome !== 'delivered') log.warn({ channel, outcome, reason }, 'announcement');
  };
  const codedError = (error: unknown) => codedDatabaseError(error, config.databaseUrl);
  const messageOf = (error: unknown): string => {
    const coded = codedError(error);
    if (!(coded instanceof ShortlistError)) throw coded;
    return coded.message;
  };
  let openapi: string | undefined;
  const services: Services = {
    lifecycle,
    metrics,
    nowS: clockOf(config),
    authorize: authorizeBy(config.writeToken),
    codedError,
    opened() {
      if (opened === undefined) throw new ShortlistError('not_ready', { reason: STARTING });
      return opened;
    },
    async status() {
      const { rss, heapUsed } = process.memoryUsage();
      return {
        ...lifecycle.ready(),
        phase: lifecycle.phase,
        uptime_s: Math.round(process.uptime() * 10) / 10,
        dataset: config.dataset,
        version,
        commit: config.commit,
        // What this process knows by itself it says also while the database is away.
        ...(await opened?.status().catch((error: unknown) => ({ problem: messageOf(error) }))),
        published_version: published.version,
        process: { pid: process.pid, node: process.version, rss_bytes: rss, heap_used_bytes: heapUsed },
      };
    },
    openapi: () =>
      (openapi ??= JSON.stringify(
        openApiOf(ROUTES, { title: 'Shortlist experiments', version, description: DESCRIPTION }),
      )),
  };
  if (config.writeToken === '')
    log.warn('no SHORTLIST_EXPERIMENTS_WRITE_TOKEN: whoever reaches the public port may change experiments');
  const ports = await createServicePorts({
    ...{ config, log, routes: ROUTES, services, metrics, headers: ROUTE_HEADERS, tracing },
    onDrain: () => (draining = true),
  });
  return { ...ports, observing: { observer, onAnnounced }, serve: (experiments) => (opened = experiments) };
}

const STARTING = 'the database is being opened';
