import type { Static, TSchema } from 'typebox';
import type { ErrorCode } from '@shortlist/core/contracts/errors.ts';
import type { HttpReply } from '../http/adapter.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { RequestTrace } from '../recommender.ts';

/** What routes may use; made once, in `server.ts`. */
export interface Services {
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  /** Shown by `/status`. */
  readonly about: Readonly<Record<string, string | number | boolean>>;
  readonly openapi: () => string;
}

/** One request on its way through a route. */
export interface Call<Query = unknown, Body = unknown> {
  readonly requestId: string;
  /** `performance.now()` when the request was complete. */
  readonly startedMs: number;
  readonly query: Query;
  readonly body: Body;
  readonly trace: RequestTrace;
  /** What the slate was, for metrics and the log; the route sets them. */
  tier: string;
  degraded: readonly string[];
}

/** A path and everything that is known of it: the router, the validation and the reference are made of this. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly port: 'public' | 'admin';
  /** Group in the reference; routes without one are not listed there. */
  readonly group?: string;
  readonly summary: string;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Body that the reference's "Try it out" starts with. */
  readonly example?: Readonly<Record<string, unknown>>;
  /** Of the 200 answer: a schema for JSON, or a content type. */
  readonly answers: TSchema | string;
  readonly errors: readonly ErrorCode[];
  readonly handle: (call: Call, services: Services) => HttpReply | Promise<HttpReply>;
}

interface TypedRoute<Query extends TSchema, Body extends TSchema> extends Omit<Route, 'handle'> {
  readonly query?: Query;
  readonly body?: Body;
  readonly handle: (call: Call<Static<Query>, Static<Body>>, services: Services) => HttpReply | Promise<HttpReply>;
}

/** A route whose handler sees the types of its schemas; the router has validated them before it is called. */
export function route<Query extends TSchema, Body extends TSchema>(typed: TypedRoute<Query, Body>): Route {
  return typed as unknown as Route;
}
