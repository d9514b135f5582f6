import type { Static, TSchema } from 'typebox';
import type { Phase, Readiness } from '@shortlist/service/routing/health.ts';
import type * as kit from '@shortlist/service/routing/route.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import type { EventIntake } from '../events/event-intake.ts';
import type { RecordIntake } from '../records/record-intake.ts';
import type { ItemIntake } from '../items/item-intake.ts';
import type { IngestMetrics } from '../observe/metrics.ts';

/** The write side, once it is open. */
export interface Intake {
  readonly events: EventIntake;
  readonly items: ItemIntake;
  readonly records: RecordIntake;
  /** For changes of people: rare, one by one. */
  readonly people: LogLane;
  readonly stores: TransactionalStores;
}

/** What routes may use. */
export interface Services {
  readonly lifecycle: { readonly phase: Phase; ready(): Readiness };
  /** Throws `not_ready` while it opens, and in a process without the role `api`. */
  readonly intake: () => Intake;
  readonly metrics: IngestMetrics;
  readonly limits: {
    readonly eventsPerRequestMax: number;
    readonly eventBytesMax: number;
    readonly recordBytesMax: number;
    readonly shopifySecret: string;
    readonly webhookAgeMaxS: number;
  };
  /** The coded error of what a store threw. */
  readonly codedError: (error: unknown) => unknown;
  readonly status: () => Promise<object>;
  /** Unix seconds. */
  readonly nowS: () => number;
  readonly openapi: () => string;
}

export type Route = kit.Route<Services>;

/** A route of the ingest service: what its store throws comes out coded. */
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
