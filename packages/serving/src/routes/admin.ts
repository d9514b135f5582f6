import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { RELEASE_ID_PATTERN } from '@shortlist/core/contracts/release-manifest.ts';
import { json, text } from '@shortlist/service/http/replies.ts';
import { ANSWER_TTL_S, type CachedAnswers } from '../cached-answers.ts';
import type { Metrics, MetricsSnapshot } from '../observe/metrics.ts';
import { dashboardPage } from './dashboard.ts';
import { route, type Services } from './route.ts';

/** Nothing but the page's own style: no script, no image, no request. */
const DASHBOARD_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/** Pages of a pod are its own; only its tabs and the people who look at it share them. */
const POD = randomUUID();

/** The figures, and when they were made. Reading all histograms costs milliseconds, which many open tabs would add up. */
function snapshotOf(
  metrics: Metrics,
  answers: CachedAnswers | null,
): Promise<{ metrics: MetricsSnapshot; madeAtMs: number }> {
  const compute = async () => ({ metrics: await metrics.snapshot(), madeAtMs: Date.now() });
  return answers === null
    ? compute()
    : answers.answer({ name: 'dashboard', key: POD, ttlS: ANSWER_TTL_S.dashboard, compute });
}

const Release = Type.String({ pattern: RELEASE_ID_PATTERN, description: 'Release id.' });
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of its manifest.json.' });
const NamedSchema = Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()]);

/** What a controller wants to know of the releases of a pod. */
const releasesOf = ({ lifecycle: { releases } }: Services) => ({
  ...releases.status(),
  pinned: releases.pinned,
  prepared: releases.prepared,
});

const ReleasesSchema = Type.Object({
  active: Type.Union([Type.String(), Type.Null()]),
  previous: Type.Union([Type.String(), Type.Null()]),
  last_refusal: NamedSchema,
  pinned: NamedSchema,
  prepared: NamedSchema,
});

export const ADMIN_ROUTES = [
  route({
    method: 'GET',
    path: '/admin/release',
    port: 'admin',
    group: 'Administration',
    summary: 'What the pod serves, what its configuration names, and what it has prepared.',
    answers: ReleasesSchema,
    errors: ['not_ready'],
    handle: (_call, services) => json(200, releasesOf(services)),
  }),
  route({
    method: 'PUT',
    path: '/admin/release/prepared',
    port: 'admin',
    group: 'Administration',
    summary:
      'Loads, verifies and warms up a release beside the current one, without serving it; asked again, says how far it is.',
    query: Type.Object({ release: Release, manifest_sha256: Sha256 }, { additionalProperties: false }),
    status: 202,
    answers: ReleasesSchema,
    errors: ['field_invalid', 'not_ready'],
    handle: ({ query }, services) => {
      services.lifecycle.releases.prepare(query);
      return json(202, releasesOf(services));
    },
  }),
  route({
    method: 'DELETE',
    path: '/admin/release/prepared',
    port: 'admin',
    group: 'Administration',
    summary: 'Lets go of what was prepared, unless it serves.',
    answers: ReleasesSchema,
    errors: ['not_ready'],
    handle: (_call, services) => {
      services.lifecycle.releases.discard();
      return json(200, releasesOf(services));
    },
  }),
  route({
    method: 'POST',
    path: '/reload-model',
    port: 'admin',
    group: 'Administration',
    summary:
      'Loads the configured or activated release, or the named one, beside the current one and swaps when it proves sound.',
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
        ...(await snapshotOf(metrics, lifecycle.answers)),
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
