import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { PortsConfig } from './config.ts';
import type { HttpHandler, HttpServer, HttpServerOptions, RequestHead } from './http/adapter.ts';
import { errorReply } from './http/replies.ts';
import { requestIdOf } from './http/request-id.ts';
import type { FinishedRequest } from './observe/finished-request.ts';
import { logRequest } from './observe/logger.ts';
import { TRACE_HEADERS } from './observe/trace-headers.ts';
import type { Tracing } from './observe/tracing.ts';
import type { Route } from './routing/route.ts';
import { createRouter } from './routing/router.ts';

export interface ServicePortsOptions<Services> {
  readonly config: PortsConfig;
  readonly log: Logger;
  readonly routes: readonly Route<Services>[];
  readonly services: Services;
  readonly metrics: { finished(request: FinishedRequest): void; aborted(): void };
  /** Told when the drain begins: readiness turns false. */
  readonly onDrain: () => void;
  /** Why a request to the public port is refused before its body is read; null lets it in. */
  readonly refusal?: (head: RequestHead) => ShortlistError | null;
  /** Further request headers that routes read, lower case. */
  readonly headers?: readonly string[];
  /** Traces the requests of the public port. */
  readonly tracing?: Tracing | null;
  /** In [0, 1); decides which requests get a log line. `Math.random` by default. */
  readonly chance?: () => number;
}

export interface ServicePorts {
  /** Binds both ports, but for the public one with `listenWhenReady`; it is null then. Throws `port_in_use`. */
  listen(): Promise<{ readonly httpPort: number | null; readonly adminPort: number }>;
  /** Everything is loaded: with `listenWhenReady` binds the public port, and says which. Throws `port_in_use`. */
  accept(): Promise<{ readonly httpPort?: number }>;
  /** Requests whose answer has not been written yet. */
  inFlight(): number;
  /**
   * Readiness turns false, the ports stay open for `drainDelayMs`, then nothing new is accepted and what is in flight
   * has `drainMs` to finish. Resolves to the number of requests that were cut off.
   */
  drain(): Promise<number>;
}

/** The admin port answers these too, so that a probe or a scraper need not reach the public one. */
const ON_BOTH = new Set(['/health/live', '/health/ready', '/health', '/ping', '/status', '/metrics']);

/** The public port and the admin port of one process: routes, metrics and logs on one of the two HTTP servers. */
export async function createServicePorts<Services>(options: ServicePortsOptions<Services>): Promise<ServicePorts> {
  const { config, log, routes, services, metrics, chance = Math.random, tracing = null } = options;
  const create = await loadHttpServer(config.httpServer);
  const finished = (request: FinishedRequest): void => {
    metrics.finished(request);
    logRequest(log, request, config.logRequestsShare, chance());
    request.timings?.finished(request);
  };
  const serve = (handler: HttpHandler, refusal?: (head: RequestHead) => ShortlistError | null): HttpServer =>
    create({
      handler,
      ...(refusal === undefined ? {} : { admit: admitting(refusal, finished) }),
      refuse: refusing(finished),
      bodyBytesMax: config.bodyBytesMax,
      bodyTimeoutMs: config.bodyTimeoutMs,
      headers: [...(options.headers ?? []), ...(tracing === null ? [] : TRACE_HEADERS)],
      onAborted: () => metrics.aborted(),
    });
  const onPublic = routes.filter(({ port }) => port === 'public');
  const onAdmin = routes.filter(({ port, path }) => port === 'admin' || ON_BOTH.has(path));
  const open = serve(createRouter({ routes: onPublic, services, finished, tracing }), options.refusal);
  const admin = serve(createRouter({ routes: onAdmin, services, finished }));

  const listenPublic = (): Promise<number> => {
    const { httpHost: host, httpPort: port, sharePort } = config;
    return open.listen({ host, port, sharePort });
  };

  return {
    inFlight: () => open.inFlight() + admin.inFlight(),
    async listen() {
      const { adminHost, adminPort, listenWhenReady } = config;
      return {
        httpPort: listenWhenReady ? null : await listenPublic(),
        adminPort: await admin.listen({ host: adminHost, port: adminPort, sharePort: false }),
      };
    },
    async accept() {
      return config.listenWhenReady ? { httpPort: await listenPublic() } : {};
    },
    async drain() {
      options.onDrain();
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
async function loadHttpServer(kind: PortsConfig['httpServer']): Promise<(options: HttpServerOptions) => HttpServer> {
  if (kind === 'node') return (await import('./http/node-server.ts')).createNodeServer;
  return (await import('./http/uws-server.ts')).createUwsServer;
}

/** Turns a refusal at the door into its answer, and counts it like any other. */
function admitting(
  refusal: (head: RequestHead) => ShortlistError | null,
  finished: (request: FinishedRequest) => void,
): NonNullable<HttpServerOptions['admit']> {
  return (head) => {
    const error = refusal(head);
    if (error === null) return null;
    const requestId = requestIdOf(head.headers['x-request-id']);
    const reply = errorReply(error, requestId);
    const { method, path: route } = head;
    finished({ requestId, method, route, status: reply.status, ms: 0, tier: '', degraded: [], error });
    return { ...reply, headers: [...reply.headers, ['x-request-id', requestId]] };
  };
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
