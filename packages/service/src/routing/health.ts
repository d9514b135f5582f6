import { Type } from 'typebox';
import { json, text } from '../http/replies.ts';
import type { HttpReply } from '../http/adapter.ts';
import type { Call, Route } from './route.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly reason?: string;
}

export type Phase = 'starting' | 'serving' | 'draining';

/** What these routes need of a service. */
interface Living {
  readonly lifecycle: { readonly phase: Phase; ready(): Readiness };
}

const HealthSchema = Type.Object({
  status: Type.String(),
  phase: Type.Optional(Type.String({ description: 'starting, serving or draining.' })),
  reason: Type.Optional(Type.String()),
  request_id: Type.Optional(Type.String()),
});

const health = (path: string, summary: string, handle: Route<Living>['handle']): Route<Living> => ({
  method: 'GET',
  path,
  port: 'public',
  group: 'Operation',
  summary,
  answers: HealthSchema,
  errors: [],
  handle,
});

/** 503 says: send no traffic here now. It never means that the process should be restarted. */
function readiness({ requestId }: Call, { lifecycle }: Living): HttpReply {
  const { ready, reason } = lifecycle.ready();
  const { phase } = lifecycle;
  return ready
    ? json(200, { status: 'ready', phase })
    : json(503, { status: 'not_ready', phase, reason, request_id: requestId });
}

export const HEALTH_ROUTES: readonly Route<Living>[] = [
  health('/health/live', 'Is the process alive? For a liveness probe.', () => json(200, { status: 'live' })),
  health('/health/ready', 'May traffic come? 503 until everything is loaded, and while draining.', readiness),
  health('/health', 'The same as /health/ready.', readiness),
  {
    method: 'GET',
    path: '/ping',
    port: 'public',
    group: 'Operation',
    summary: 'Answers pong; does nothing else.',
    answers: 'text/plain',
    errors: [],
    handle: () => text(200, 'text/plain; charset=utf-8', 'pong'),
  },
];
