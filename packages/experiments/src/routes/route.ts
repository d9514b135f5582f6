import type { Static, TSchema } from 'typebox';
import type { Phase, Readiness } from '@shortlist/service/routing/health.ts';
import type * as kit from '@shortlist/service/routing/route.ts';
import type { ExperimentsMetrics } from '../observe/metrics.ts';
import type { OpenedExperiments } from '../open-experiments.ts';

/** What routes may use. */
export interface Services {
  readonly lifecycle: { readonly phase: Phase; ready(): Readiness };
  /** Throws `not_ready` while it opens. */
  readonly opened: () => OpenedExperiments;
  readonly metrics: ExperimentsMetrics;
  /** The coded error of what a store threw. */
  readonly codedError: (error: unknown) => unknown;
  readonly status: () => Promise<object>;
  /** Unix seconds. */
  readonly nowS: () => number;
  readonly openapi: () => string;
}

export type Route = kit.Route<Services>;

export const STORE_ERRORS = [
  'database_unreachable',
  'database_timeout',
  'database_read_only',
  'disk_full',
  'not_ready',
] as const;

/** A route of the experiments service: what its store throws comes out coded. */
export function route<Query extends TSchema, Body extends TSchema, Params extends TSchema>(
  typed: Omit<Route, 'handle'> & {
    readonly query?: Query;
    readonly body?: Body;
    readonly params?: Params;
    readonly handle: (
      call: kit.Call<Static<Query>, Static<Body>, Static<Params>>,
      services: Services,
    ) => ReturnType<Route['handle']>;
  },
): Route {
  const handle = typed.handle as unknown as Route['handle'];
  return {
    ...typed,
    handle: async (call, services) => {
      try {
        return await handle(call, services);
      } catch (error) {
        throw services.codedError(error);
      }
    },
  };
}
