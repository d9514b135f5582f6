import { ShortlistError, type ErrorCode } from '@shortlist/core/contracts/errors.ts';
import type { FinishedRequest } from '../observe/finished-request.ts';
import { RequestTimings } from '../observe/request-timings.ts';
import type { Call, Route, Services } from '../routes/route.ts';
import type { HttpHandler, HttpReply, HttpRequest } from './adapter.ts';
import { parseJsonBody } from './json-body.ts';
import { readQuery, type QuerySchema } from './query.ts';
import { errorReply } from './replies.ts';
import { requestIdOf } from './request-id.ts';
import { compileValidator } from './validation.ts';

export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly services: Services;
  readonly finished: (request: FinishedRequest) => void;
}

interface CompiledRoute {
  readonly route: Route;
  /** Validated query and body; throws `body_malformed` or `field_invalid`. */
  readonly read: (request: HttpRequest) => { query: unknown; body: unknown };
}

const PATH_SHOWN_MAX = 200;

/** Finds the route, validates its input, calls it, and turns whatever goes wrong into the one error shape. */
export function createRouter({ routes, services, finished }: RouterOptions): HttpHandler {
  const table = tableOf(routes);
  return (request) => {
    const startedMs = performance.now();
    const timings = new RequestTimings();
    const requestId = requestIdOf(request.headers['x-request-id']);
    let label = 'unmatched';
    let call: Call | undefined;
    const finish = (reply: HttpReply, error?: unknown): HttpReply => {
      finished({
        requestId,
        method: request.method,
        route: label,
        status: reply.status,
        ms: performance.now() - startedMs,
        tier: call?.tier ?? '',
        degraded: call?.degraded ?? [],
        timings,
        ...(error === undefined ? {} : { error }),
      });
      return { ...reply, headers: [...reply.headers, ['x-request-id', requestId]] };
    };
    const fail = (error: unknown): HttpReply => finish(withAllow(errorReply(error, requestId), error), error);
    try {
      const { route, read } = find(table, request);
      label = route.path;
      if (route.port === 'admin') refuseCrossSite(request);
      call = { requestId, startedMs, ...read(request), trace: timings, tier: '', degraded: [] };
      const reply = route.handle(call, services);
      return reply instanceof Promise ? reply.then(finish, fail) : finish(reply);
    } catch (error) {
      return fail(error);
    }
  };
}

type RouteTable = ReadonlyMap<string, ReadonlyMap<string, CompiledRoute>>;

function tableOf(routes: readonly Route[]): RouteTable {
  const table = new Map<string, Map<string, CompiledRoute>>();
  for (const route of routes) {
    const methods = table.get(route.path) ?? new Map<string, CompiledRoute>();
    methods.set(route.method, { route, read: readerOf(route) });
    table.set(route.path, methods);
  }
  return table;
}

function find(table: RouteTable, { method, path }: HttpRequest): CompiledRoute {
  const methods = table.get(path);
  const shown = path.slice(0, PATH_SHOWN_MAX);
  if (methods === undefined) throw new ShortlistError('route_not_found', { method, path: shown });
  const found = methods.get(method === 'HEAD' ? 'GET' : method);
  if (found === undefined) {
    throw new ShortlistError('method_not_allowed', { method, path: shown, allowed: [...methods.keys()].join(', ') });
  }
  return found;
}

function readerOf({ query, body }: Route): CompiledRoute['read'] {
  const validateQuery = query === undefined ? undefined : compileValidator(query, 'query');
  const validateBody = body === undefined ? undefined : compileValidator(body, 'body');
  return (request) => ({
    query: validateQuery?.(readQuery(request.query, query as unknown as QuerySchema)),
    body: validateBody?.(parseJsonBody(request.body)),
  });
}

/** A page of somebody else's must not be able to make an operator's browser reload a model. */
function refuseCrossSite({ method, headers }: HttpRequest): void {
  const site = headers['sec-fetch-site'];
  if (method !== 'GET' && (site === 'cross-site' || site === 'same-site')) {
    throw new ShortlistError('cross_site_refused');
  }
}

/** RFC 9110 wants an Allow header with every 405. */
function withAllow(reply: HttpReply, error: unknown): HttpReply {
  const code: ErrorCode = 'method_not_allowed';
  if (!(error instanceof ShortlistError) || error.code !== code) return reply;
  return { ...reply, headers: [...reply.headers, ['allow', String(error.details.allowed)]] };
}
