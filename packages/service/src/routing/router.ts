import { ShortlistError, type ErrorCode } from '@shortlist/core/contracts/errors.ts';
import type { HttpHandler, HttpReply, HttpRequest } from '../http/adapter.ts';
import { parseJsonBody } from '../http/json-body.ts';
import { readQuery, type QuerySchema } from '../http/query.ts';
import { errorReply } from '../http/replies.ts';
import { requestIdOf } from '../http/request-id.ts';
import { compileValidator } from '../http/validation.ts';
import type { FinishedRequest } from '../observe/finished-request.ts';
import { RequestTimings } from '../observe/request-timings.ts';
import type { Tracing } from '../observe/tracing.ts';
import { RouteTable } from './route-table.ts';
import type { Call, Route } from './route.ts';

export interface RouterOptions<Services> {
  readonly routes: readonly Route<Services>[];
  readonly services: Services;
  readonly finished: (request: FinishedRequest) => void;
  /** Absent: requests are not traced. */
  readonly tracing?: Tracing | null;
}

interface CompiledRoute<Services> {
  readonly route: Route<Services>;
  /** Validated parts; throws `body_malformed` or `field_invalid`. */
  readonly read: (
    request: HttpRequest,
    params: Readonly<Record<string, string>>,
  ) => { query: unknown; body: unknown; params: unknown };
}

const PATH_SHOWN_MAX = 200;

/** Finds the route, validates its input, calls it, and turns whatever goes wrong into the one error shape. */
export function createRouter<Services>({
  routes,
  services,
  finished,
  tracing = null,
}: RouterOptions<Services>): HttpHandler {
  const table = new RouteTable(routes.map((route) => ({ route, read: readerOf(route) })));
  return (request) => {
    const startedMs = performance.now();
    const timings = tracing?.begin(request) ?? new RequestTimings();
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
      const { found, params } = find(table, request);
      const { route, read } = found;
      label = route.path;
      if (route.port === 'admin') refuseCrossSite(request);
      call = { requestId, startedMs, ...read(request, params), request, trace: timings, tier: '', degraded: [] };
      const reply = route.handle(call, services);
      return reply instanceof Promise ? reply.then(finish, fail) : finish(reply);
    } catch (error) {
      return fail(error);
    }
  };
}

function find<Services>(table: RouteTable<CompiledRoute<Services>>, { method, path }: HttpRequest) {
  const match = table.match(path);
  const shown = path.slice(0, PATH_SHOWN_MAX);
  if (match === null) throw new ShortlistError('route_not_found', { method, path: shown });
  const found = match.methods.get(method === 'HEAD' ? 'GET' : method);
  if (found === undefined) {
    const allowed = [...match.methods.keys()].join(', ');
    throw new ShortlistError('method_not_allowed', { method, path: shown, allowed });
  }
  return { found, params: match.params };
}

function readerOf<Services>({ query, body, params }: Route<Services>): CompiledRoute<Services>['read'] {
  const validateQuery = query === undefined ? undefined : compileValidator(query, 'query');
  const validateBody = body === undefined ? undefined : compileValidator(body, 'body');
  const validateParams = params === undefined ? undefined : compileValidator(params, 'path');
  return (request, given) => ({
    query: validateQuery?.(readQuery(request.query, query as unknown as QuerySchema)),
    params: validateParams?.(given),
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
