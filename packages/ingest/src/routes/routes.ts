import { DOCS_ROUTES } from '@shortlist/service/routing/docs.ts';
import { HEALTH_ROUTES } from '@shortlist/service/routing/health.ts';
import { METRICS_ROUTE } from '@shortlist/service/routing/metrics.ts';
import { EVENTS_ROUTE } from './events.ts';
import { ITEM_ROUTES } from './items.ts';
import type { Route } from './route.ts';
import { STATUS_ROUTE } from './status.ts';
import { USER_ROUTES } from './users.ts';

/** Every route, in the order of the reference. */
export const ROUTES: readonly Route[] = [
  EVENTS_ROUTE,
  ...ITEM_ROUTES,
  ...USER_ROUTES,
  ...HEALTH_ROUTES,
  STATUS_ROUTE,
  METRICS_ROUTE,
  ...DOCS_ROUTES,
];

/** Request headers that routes read. */
export const ROUTE_HEADERS = ['content-type'];
