import { DOCS_ROUTES } from '@shortlist/service/routing/docs.ts';
import { HEALTH_ROUTES } from '@shortlist/service/routing/health.ts';
import { METRICS_ROUTE } from '@shortlist/service/routing/metrics.ts';
import { SHOPIFY_HEADERS } from '../webhooks/shopify/verify-webhook.ts';
import { EVENTS_ROUTE } from './events.ts';
import { ITEM_ROUTES } from './items.ts';
import { RECORDS_ROUTE } from './records.ts';
import type { Route } from './route.ts';
import { STATUS_ROUTE } from './status.ts';
import { USER_ROUTES } from './users.ts';
import { WEBHOOKS_ROUTE } from './webhooks.ts';

/** Every route, in the order of the reference. */
export const ROUTES: readonly Route[] = [
  EVENTS_ROUTE,
  RECORDS_ROUTE,
  ...ITEM_ROUTES,
  ...USER_ROUTES,
  WEBHOOKS_ROUTE,
  ...HEALTH_ROUTES,
  STATUS_ROUTE,
  METRICS_ROUTE,
  ...DOCS_ROUTES,
];

/** Request headers that routes read. */
export const ROUTE_HEADERS = ['content-type', ...SHOPIFY_HEADERS];
