import { ADMIN_ROUTES } from './admin.ts';
import { CATALOGUE_ROUTES } from './catalogue.ts';
import { DOCS_ROUTES } from './docs.ts';
import { HEALTH_ROUTES } from './health.ts';
import { RECOMMEND_ROUTES } from './recommend.ts';
import type { Route } from './route.ts';
import { STATUS_ROUTES } from './status.ts';

/** Every route, in the order of the reference. */
export const ROUTES: readonly Route[] = [
  ...RECOMMEND_ROUTES,
  ...CATALOGUE_ROUTES,
  ...HEALTH_ROUTES,
  ...STATUS_ROUTES,
  ...DOCS_ROUTES,
  ...ADMIN_ROUTES,
];

/** The admin port answers health and metrics too, so that a probe or a scraper need not reach the public one. */
const ON_BOTH = ['/health/live', '/health/ready', '/health', '/ping', '/status', '/metrics'];

export const PUBLIC_ROUTES = ROUTES.filter(({ port }) => port === 'public');
export const ADMIN_PORT_ROUTES = ROUTES.filter(({ port, path }) => port === 'admin' || ON_BOTH.includes(path));
