import { Type } from 'typebox';
import type { Logger } from 'pino';
import { json } from '@shortlist/service/http/replies.ts';
import { createServicePorts, type ServicePorts } from '@shortlist/service/ports.ts';
import { HEALTH_ROUTES, type Phase, type Readiness } from '@shortlist/service/routing/health.ts';
import { METRICS_ROUTE } from '@shortlist/service/routing/metrics.ts';
import type { Route } from '@shortlist/service/routing/route.ts';
import type { Config } from './config.ts';
import { createMetrics, type ControllerMetrics } from './observe/metrics.ts';
import type { OpenedController } from './open-controller.ts';

interface Services {
  readonly lifecycle: { readonly phase: Phase; ready(): Readiness };
  readonly metrics: ControllerMetrics;
  readonly status: () => object;
}

const STATUS_ROUTE: Route<Services> = {
  method: 'GET',
  path: '/status',
  port: 'public',
  group: 'Operation',
  summary: 'Whether this replica leads, and how much of each kind there is and waits.',
  answers: Type.Object({}, { additionalProperties: true }),
  errors: [],
  handle: (_call, { status }) => json(200, status()),
};

const ROUTES: readonly Route<Services>[] = [...HEALTH_ROUTES, STATUS_ROUTE, METRICS_ROUTE];

export interface ControllerServer extends ServicePorts {
  readonly metrics: ControllerMetrics;
  /** From here on it says how that one is. */
  serve(opened: OpenedController): void;
}

/**
 * The ports of one controller process. Ready is a replica that hears from the Kubernetes API, whether it leads or stands by.
 */
export async function createControllerServer(config: Config, log: Logger, version: string): Promise<ControllerServer> {
  let opened: OpenedController | undefined;
  let draining = false;
  const silenceMaxMs = config.leaseDurationS * 2_000;
  const lifecycle = {
    get phase(): Phase {
      return draining ? 'draining' : opened === undefined ? 'starting' : 'serving';
    },
    ready(): Readiness {
      if (draining) return { ready: false, reason: 'the process is draining' };
      const silentMs = opened?.operator.silentMs ?? null;
      if (silentMs === null) return { ready: false, reason: 'the Kubernetes API has not answered yet' };
      if (silentMs <= silenceMaxMs) return { ready: true };
      return { ready: false, reason: `the Kubernetes API has not answered for ${Math.round(silentMs / 1000)} s` };
    },
  };
  const metrics = createMetrics({
    version,
    inFlight: () => ports.inFlight(),
    isLeading: () => opened?.operator.isLeading ?? false,
    silentMs: () => opened?.operator.silentMs ?? null,
    counts: () => opened?.operator.counts() ?? [],
  });
  const status = (): object => {
    const { rss, heapUsed } = process.memoryUsage();
    return {
      ...lifecycle.ready(),
      phase: lifecycle.phase,
      uptime_s: Math.round(process.uptime() * 10) / 10,
      version,
      identity: opened?.identity,
      leading: opened?.operator.isLeading ?? false,
      terms: opened?.operator.terms ?? 0,
      kinds: opened?.operator.counts() ?? [],
      process: { pid: process.pid, node: process.version, rss_bytes: rss, heap_used_bytes: heapUsed },
    };
  };
  const ports = await createServicePorts<Services>({
    ...{ config, log, routes: ROUTES, services: { lifecycle, metrics, status }, metrics },
    onDrain: () => (draining = true),
  });
  return { ...ports, metrics, serve: (controller) => (opened = controller) };
}
