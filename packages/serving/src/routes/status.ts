import { Type } from 'typebox';
import { json } from '@shortlist/service/http/replies.ts';
import { route, type Services } from './route.ts';

const StatusSchema = Type.Object({
  phase: Type.String(),
  ready: Type.Boolean(),
  uptime_s: Type.Number(),
  release: Type.Object({
    active: Type.Union([Type.String(), Type.Null()]),
    previous: Type.Union([Type.String(), Type.Null()]),
    last_refusal: Type.Union([
      Type.Object({ release: Type.String(), reason: Type.String(), at: Type.String() }),
      Type.Null(),
    ]),
  }),
  pipeline: Type.Object(
    {},
    {
      additionalProperties: true,
      description:
        'Of the stages, the batching, the rules and the experiments: which snapshot is in force, how old it is.',
    },
  ),
  live: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()], {
    description: 'Stock, prices, new items, counters and trends since the release: how far behind, how much, leaks.',
  }),
  process: Type.Object({}, { additionalProperties: true }),
});

export const STATUS_ROUTE = route({
  method: 'GET',
  path: '/status',
  port: 'public',
  group: 'Operation',
  summary: 'Active and previous release, the last refusal, batching, the live state and process.',
  answers: StatusSchema,
  errors: [],
  handle: (_call, services) => json(200, statusOf(services)),
});

function statusOf({ lifecycle, about }: Services): object {
  const { phase } = lifecycle;
  const { ready, reason } = lifecycle.ready();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    phase,
    ready,
    ...(reason === undefined ? {} : { reason }),
    uptime_s: Math.round(process.uptime() * 10) / 10,
    release: lifecycle.releaseStatus,
    pipeline: lifecycle.pipelineStatus,
    live: lifecycle.live?.status() ?? null,
    process: {
      pid: process.pid,
      node: process.version,
      ...about,
      rss_bytes: rss,
      heap_used_bytes: heapUsed,
      external_bytes: external,
    },
  };
}
