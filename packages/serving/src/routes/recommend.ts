import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import {
  RecommendRequestSchema,
  RecommendResponseSchema,
  type RecommendRequest,
  type RecommendResponse,
} from '@shortlist/core/contracts/recommend.ts';
import { RankRequestSchema, RankResponseSchema, type RankResponse } from '@shortlist/core/contracts/rank.ts';
import type { HttpReply } from '@shortlist/service/http/adapter.ts';
import { PRIORITY_HEADER, priorityOf } from '../admission/priority.ts';
import { json } from '@shortlist/service/http/replies.ts';
import { CategoryParameter, IdParameter, LimitParameter } from './parameters.ts';
import { route, type Call, type Services } from './route.ts';

const ERRORS = [
  'body_malformed',
  'body_too_large',
  'field_invalid',
  'user_not_found',
  'not_ready',
  'overloaded',
] as const;

export const RECOMMEND_ROUTES = [
  route({
    method: 'POST',
    path: '/recommend',
    port: 'public',
    group: 'Recommendations',
    summary: 'A slate for a user or a session.',
    body: RecommendRequestSchema,
    example: { user_id: 'user-1', num_items: 5, context: { surface: 'home', recent_items: [] }, explain: true },
    answers: RecommendResponseSchema,
    errors: ERRORS,
    handle: (call, services) => answer(call.body, call, services),
  }),
  route({
    method: 'GET',
    path: '/recommendations',
    port: 'public',
    group: 'Recommendations',
    summary: 'The same as POST /recommend for callers that can only GET.',
    query: Type.Object(
      {
        user_id: Type.Optional(IdParameter('Known shopper.')),
        session_id: Type.Optional(IdParameter('Anonymous visit.')),
        k: LimitParameter(),
        category: Type.Optional(CategoryParameter()),
      },
      { additionalProperties: false },
    ),
    answers: RecommendResponseSchema,
    errors: ERRORS.slice(2),
    handle: (call, services) => {
      const { k, category, ...unit } = call.query;
      return answer(
        { ...unit, num_items: k, ...(category === undefined ? {} : { context: { category } }) },
        call,
        services,
      );
    },
  }),
  route({
    method: 'POST',
    path: '/rank',
    port: 'public',
    group: 'Recommendations',
    summary: 'The order of given items for a user or a session: the model without retrieval, rules and records.',
    body: RankRequestSchema,
    example: { user_id: 'user-1', items: ['item-1', 'item-2', 'item-3'], context: { surface: 'search' } },
    answers: RankResponseSchema,
    errors: ERRORS,
    async handle(call, { lifecycle }) {
      checkTogether(call.body);
      readPriority(call.body, call);
      return finished(await lifecycle.recommender.rank(call.body, call.requestId, call.trace), call);
    },
  }),
];

async function answer(request: RecommendRequest, call: Call, services: Services): Promise<HttpReply> {
  checkTogether(request);
  readPriority(request, call);
  return finished(await services.lifecycle.recommender.recommend(request, call.requestId, call.trace), call);
}

/** The header's word, where the body has none. */
function readPriority(request: Pick<RecommendRequest, 'priority'>, call: Call): void {
  if (request.priority === undefined && priorityOf(call.request.headers[PRIORITY_HEADER]) === 'prefetch')
    request.priority = 'prefetch';
}

function finished(response: RecommendResponse | RankResponse, call: Call): HttpReply {
  call.tier = response.tier;
  call.degraded = response.degraded;
  response.request_id = call.requestId;
  response.latency_ms = Math.round((performance.now() - call.startedMs) * 1000) / 1000;
  return json(200, response);
}

/** What a JSON schema cannot say of one field alone. */
function checkTogether({
  user_id: userId,
  session_id: sessionId,
  context,
}: Pick<RecommendRequest, 'user_id' | 'session_id' | 'context'>): void {
  if (userId === undefined && sessionId === undefined) throw invalid('user_id', 'missing; send it or session_id');
  // PostgreSQL's text cannot hold NUL: the store would fail on what is the caller's mistake.
  if (userId?.includes('\0') === true) throw invalid('user_id', 'contains a NUL character');
  if (sessionId?.includes('\0') === true) throw invalid('session_id', 'contains a NUL character');
  const { min_price: lowest, max_price: highest } = context?.filters ?? {};
  if (lowest !== undefined && highest !== undefined && lowest > highest) {
    throw invalid('context.filters.min_price', `is above max_price (${lowest} > ${highest})`);
  }
}

function invalid(field: string, reason: string): ShortlistError {
  return new ShortlistError('field_invalid', { field, reason });
}
