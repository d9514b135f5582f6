import type { Static, TSchema } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { errorReply } from '@shortlist/service/http/replies.ts';
import type { Phase, Readiness } from '@shortlist/service/routing/health.ts';
import type * as kit from '@shortlist/service/routing/route.ts';
import type { ExperimentsMetrics } from '../observe/metrics.ts';
import type { OpenedExperiments } from '../open-experiments.ts';
import type { Authorize } from './write-token.ts';

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
  readonly authorize: Authorize;
}

export type Route = kit.Route<Services>;

export const STORE_ERRORS = [
  'database_unreachable',
  'database_timeout',
  'database_read_only',
  'disk_full',
  'not_ready',
] as const;

/** A route of the experiments service: what its store throws comes out coded, and what changes anything needs the token. */
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
  const isWrite = typed.method !== 'GET';
  return {
    ...typed,
    ...(isWrite ? { errors: [...typed.errors, 'write_unauthorized'] } : {}),
    handle: async (call, services) => {
      try {
        if (isWrite) services.authorize(call.request);
      } catch (error) {
        // RFC 9110 wants the header with every 401.
        const reply = errorReply(error, call.requestId);
        if (!(error instanceof ShortlistError)) throw error;
        return { ...reply, headers: [...reply.headers, ['www-authenticate', 'Bearer']] };
      }
      try {
        return await handle(call, services);
      } catch (error) {
        throw services.codedError(error);
      }
    },
  };
}
