import { DOCS_ROUTES } from '@shortlist/service/routing/docs.ts';
import { HEALTH_ROUTES } from '@shortlist/service/routing/health.ts';
import { METRICS_ROUTE } from '@shortlist/service/routing/metrics.ts';
import { DOCUMENT_ROUTES } from './documents.ts';
import { HISTORY_ROUTES } from './history.ts';
import { MOVE_ROUTES } from './moves.ts';
import type { Route } from './route.ts';
import { STATUS_ROUTE } from './status.ts';

export { ROUTE_HEADERS } from './request.ts';

/** Every route, in the order of the reference. */
export const ROUTES: readonly Route[] = [
  ...DOCUMENT_ROUTES,
  ...MOVE_ROUTES,
  ...HISTORY_ROUTES,
  ...HEALTH_ROUTES,
  STATUS_ROUTE,
  METRICS_ROUTE,
  ...DOCS_ROUTES,
];
