import { DOCS_ROUTES } from '@shortlist/service/routing/docs.ts';
import { HEALTH_ROUTES } from '@shortlist/service/routing/health.ts';
import { METRICS_ROUTE } from '@shortlist/service/routing/metrics.ts';
import { ADMIN_ROUTES } from './admin.ts';
import { CATALOGUE_ROUTES } from './catalogue.ts';
import { RECOMMEND_ROUTES } from './recommend.ts';
import type { Route } from './route.ts';
import { STATUS_ROUTE } from './status.ts';

/** Every route, in the order of the reference. */
export const ROUTES: readonly Route[] = [
  ...RECOMMEND_ROUTES,
  ...CATALOGUE_ROUTES,
  ...HEALTH_ROUTES,
  STATUS_ROUTE,
  METRICS_ROUTE,
  ...DOCS_ROUTES,
  ...ADMIN_ROUTES,
];
