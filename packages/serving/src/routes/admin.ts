import { Type } from 'typebox';
import { json, text } from '@shortlist/service/http/replies.ts';
import { dashboardPage } from './dashboard.ts';
import { route } from './route.ts';

/** Nothing but the page's own style: no script, no image, no request. */
const DASHBOARD_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

export const ADMIN_ROUTES = [
  route({
    method: 'POST',
    path: '/reload-model',
    port: 'admin',
    group: 'Administration',
    summary: 'Loads the activated release, or the named one, beside the current one and swaps when it proves sound.',
    query: Type.Object(
      { release: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'Release id.' })) },
      { additionalProperties: false },
    ),
    answers: Type.Object({ active: Type.Union([Type.String(), Type.Null()]) }, { additionalProperties: true }),
    errors: ['field_invalid', 'not_ready'],
    handle: async ({ query }, { lifecycle }) => json(200, await lifecycle.releases.reload(query.release)),
  }),
  route({
    method: 'GET',
    path: '/admin/dashboard',
    port: 'admin',
    group: 'Administration',
    summary: 'The key numbers of this process as a page.',
    answers: 'text/html',
    errors: [],
    handle: async (_call, { metrics, lifecycle, about }) => {
      const page = dashboardPage({
        metrics: await metrics.snapshot(),
        release: lifecycle.releaseStatus,
        readiness: lifecycle.ready(),
        phase: lifecycle.phase,
        uptimeS: process.uptime(),
        rssBytes: process.memoryUsage.rss(),
        about,
      });
      const reply = text(200, 'text/html; charset=utf-8', page);
      return { ...reply, headers: [...reply.headers, ['content-security-policy', DASHBOARD_POLICY]] };
    },
  }),
];
