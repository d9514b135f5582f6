import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Config } from './config.ts';
import type { HttpHandler, HttpServer, HttpServerOptions } from './http/adapter.ts';
import { errorReply } from './http/replies.ts';
import { requestIdOf } from './http/request-id.ts';
import { createRouter } from './http/router.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { FinishedRequest } from './observe/finished-request.ts';
import { logRequest } from './observe/logger.ts';
import { createMetrics } from './observe/metrics.ts';
import type { PipelineObserver } from './recommender.ts';
import { openApiOf } from './routes/openapi.ts';
import type { Services } from './routes/route.ts';
import { ADMIN_PORT_ROUTES, PUBLIC_ROUTES, ROUTES } from './routes/routes.ts';

export interface PodServerOptions {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly version: string;
  /** In [0, 1); decides which requests get a log line. `Math.random` by default. */
  readonly chance?: () => number;
}

export interface PodServer {
  /** What the pipeline reports its batches to. */
  readonly observer: PipelineObserver;
  /** Binds both ports. Throws `port_in_use`. */
  listen(): Promise<{ readonly httpPort: number; readonly adminPort: number }>;
  /**
   * Readiness turns false, the ports stay open for `drainDelayMs`, then nothing new is accepted and what is in flight
   * has `drainMs` to finish. Resolves to the number of requests that were cut off.
   */
  drain(): Promise<number>;
}

/** The public port and the admin port of one pod: routes, metrics and logs on one of the two HTTP servers. */
export async function createPodServer(options: PodServerOptions): Promise<PodServer> {
  const { config, lifecycle, log, version, chance = Math.random } = options;
  const create = await loadHttpServer(config.httpServer);
  const servers: HttpServer[] = [];
  const metrics = createMetrics({
    releaseStatus: () => lifecycle.releaseStatus,
    inFlight: () => servers.reduce((total, server) => total + server.inFlight(), 0),
  });
  let openapi: string | undefined;
  const services: Services = {
    lifecycle,
    metrics,
    about: { version, dataset: config.dataset, http: config.httpServer },
    openapi: () => (openapi ??= JSON.stringify(openApiOf(ROUTES, version))),
  };
  const finished = (request: FinishedRequest): void => {
    metrics.finished(request);
    logRequest(log, request, config.logRequestsShare, chance());
  };
  const serve = (handler: HttpHandler): HttpServer => {
    const server = create({
      handler,
      refuse: refusing(finished),
      bodyBytesMax: config.bodyBytesMax,
      bodyTimeoutMs: config.bodyTimeoutMs,
      onAborted: () => metrics.aborted(),
    });
    servers.push(server);
    return server;
  };
  const open = serve(createRouter({ routes: PUBLIC_ROUTES, services, finished }));
  const admin = serve(createRouter({ routes: ADMIN_PORT_ROUTES, services, finished }));

  return {
    observer: metrics.pipeline,
    async listen() {
      const { httpHost, httpPort, adminHost, adminPort, sharePort } = config;
      return {
        httpPort: await open.listen({ host: httpHost, port: httpPort, sharePort }),
        adminPort: await admin.listen({ host: adminHost, port: adminPort, sharePort: false }),
      };
    },
    async drain() {
      lifecycle.drain();
      // Clients that keep connections move to another pod meanwhile, instead of being cut off when this one closes.
      open.discourage();
      await sleep(config.drainDelayMs);
      // The admin port closes last: a probe may ask while the public one finishes.
      const cutOff = await open.close(config.drainMs);
      return cutOff + (await admin.close(config.drainMs));
    },
  };
}

/** Loaded when chosen: node:http must serve where the native library cannot even be loaded. */
async function loadHttpServer(kind: Config['httpServer']): Promise<(options: HttpServerOptions) => HttpServer> {
  if (kind === 'node') return (await import('./http/node-server.ts')).createNodeServer;
  return (await import('./http/uws-server.ts')).createUwsServer;
}

/** Answers what an HTTP server refuses by itself in the one error shape, and counts it like any other answer. */
function refusing(finished: (request: FinishedRequest) => void): HttpServerOptions['refuse'] {
  return ({ code, ...details }, header) => {
    const requestId = requestIdOf(header);
    const error = new ShortlistError(code, details);
    const reply = errorReply(error, requestId);
    const { status } = reply;
    finished({ requestId, method: '', route: 'refused', status, ms: 0, tier: '', degraded: [], error });
    return { ...reply, headers: [...reply.headers, ['x-request-id', requestId]] };
  };
}
