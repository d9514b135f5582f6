import type { Static, TSchema } from 'typebox';
import * as kit from '@shortlist/service/routing/route.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { Metrics } from '../observe/metrics.ts';

/** What routes may use; made once, in `server.ts`. */
export interface Services {
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  /** Shown by `/status`. */
  readonly about: Readonly<Record<string, string | number | boolean>>;
  readonly openapi: () => string;
}

export type Route = kit.Route<Services>;
export type Call<Query = unknown, Body = unknown> = kit.Call<Query, Body>;

/** A route of the ranking pod. */
export const route: <Query extends TSchema, Body extends TSchema>(
  typed: Omit<Route, 'handle'> & {
    readonly query?: Query;
    readonly body?: Body;
    readonly handle: (call: Call<Static<Query>, Static<Body>>, services: Services) => ReturnType<Route['handle']>;
  },
) => Route = kit.route;
