import type { Static, TSchema } from 'typebox';
import type { ErrorCode } from '@shortlist/core/contracts/errors.ts';
import type { HttpReply, HttpRequest } from '../http/adapter.ts';
import type { RequestTimings } from '../observe/request-timings.ts';

/** One request on its way through a route. */
export interface Call<Query = unknown, Body = unknown, Params = unknown> {
  readonly requestId: string;
  /** `performance.now()` when the request was complete. */
  readonly startedMs: number;
  readonly query: Query;
  readonly body: Body;
  /** Of a path such as `/items/{id}`, decoded. */
  readonly params: Params;
  /** As it came: for routes that read the body or headers themselves. */
  readonly request: HttpRequest;
  readonly trace: RequestTimings;
  /** What a slate was, for metrics and the log; its route sets them. */
  tier: string;
  degraded: readonly string[];
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A path and everything that is known of it: the router, the validation and the reference are made of this. */
export interface Route<Services> {
  readonly method: Method;
  /** A segment such as `{id}` stands for any one segment; `params` describes it. */
  readonly path: string;
  readonly port: 'public' | 'admin';
  /** Group in the reference; routes without one are not listed there. */
  readonly group?: string;
  readonly summary: string;
  readonly query?: TSchema;
  readonly params?: TSchema;
  /** Of a JSON body. Absent: the body is not read, or the route reads `call.request.body` itself. */
  readonly body?: TSchema;
  /** Of a body that the route reads itself, for the reference: content type -> schema. */
  readonly rawBody?: Readonly<Record<string, object>>;
  /** Body that the reference's "Try it out" starts with. */
  readonly example?: unknown;
  /** Of the answer when it goes well: a schema for JSON, or a content type. */
  readonly answers: TSchema | string;
  /** Status of that answer; default 200. */
  readonly status?: number;
  readonly errors: readonly ErrorCode[];
  readonly handle: (call: Call, services: Services) => HttpReply | Promise<HttpReply>;
}

interface TypedRoute<Services, Query extends TSchema, Body extends TSchema, Params extends TSchema> extends Omit<
  Route<Services>,
  'handle'
> {
  readonly query?: Query;
  readonly body?: Body;
  readonly params?: Params;
  readonly handle: (
    call: Call<Static<Query>, Static<Body>, Static<Params>>,
    services: Services,
  ) => HttpReply | Promise<HttpReply>;
}

/** A route whose handler sees the types of its schemas; the router has validated them before it is called. */
export function route<Services, Query extends TSchema, Body extends TSchema, Params extends TSchema>(
  typed: TypedRoute<Services, Query, Body, Params>,
): Route<Services> {
  return typed as unknown as Route<Services>;
}
