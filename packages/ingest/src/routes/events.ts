import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { IncomingEventSchema } from '@shortlist/core/contracts/ingest.ts';
import { json } from '@shortlist/service/http/replies.ts';
import type { EventOutcome } from '../events/event-intake.ts';
import { readBody } from '../events/read-body.ts';
import { route } from './route.ts';

const ResultSchema = Type.Object({
  status: Type.Enum(['accepted', 'duplicate', 'rejected']),
  event_id: Type.Optional(Type.String({ description: 'Yours, or the one that was given to the event.' })),
  stage: Type.Optional(Type.String({ description: 'Where a rejected one fell out: parse, validate, time, store.' })),
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});

const AnswerSchema = Type.Object({
  accepted: Type.Integer(),
  duplicates: Type.Integer(),
  rejected: Type.Integer(),
  results: Type.Array(ResultSchema, { description: 'In the order of the events.' }),
});

const EXAMPLE = [{ event_id: 'e-1', user_id: 'user-1', item_id: 'item-1', type: 'view' }];

export const EVENTS_ROUTE = route({
  method: 'POST',
  path: '/events',
  port: 'public',
  group: 'Events',
  summary: 'Stores events: one, an array, or lines of JSON (application/x-ndjson).',
  rawBody: {
    'application/json': Type.Union([IncomingEventSchema, Type.Array(IncomingEventSchema)]),
    'application/x-ndjson': { type: 'string' },
  },
  example: EXAMPLE,
  answers: AnswerSchema,
  status: 202,
  errors: [
    'body_malformed',
    'body_too_large',
    'too_many_events',
    'field_invalid',
    'event_in_future',
    'event_too_old',
    'event_not_storable',
    'overloaded',
    'database_unreachable',
    'database_timeout',
    'database_read_only',
    'disk_full',
    'not_ready',
  ],
  async handle({ request }, { intake, limits }) {
    const { events: taker } = intake();
    const { events, single } = readBody(request.body, request.headers['content-type'] ?? '', limits.eventBytesMax);
    if (events.length > limits.eventsPerRequestMax) {
      throw new ShortlistError('too_many_events', { events: events.length, eventsMax: limits.eventsPerRequestMax });
    }
    const outcomes = await taker.take(events, 'api');
    const [only] = outcomes;
    // Who sends one event sees at once what is wrong with it; of several each has its own result.
    if (single && only?.status === 'rejected') throw only.error;
    return json(202, answerOf(outcomes));
  },
});

function answerOf(outcomes: readonly EventOutcome[]): object {
  const counts = { accepted: 0, duplicate: 0, rejected: 0 };
  const results = outcomes.map((outcome) => {
    counts[outcome.status] += 1;
    if (outcome.status !== 'rejected') return { status: outcome.status, event_id: outcome.eventId };
    const { stage, error } = outcome;
    return { status: outcome.status, stage, code: error.code, message: error.message };
  });
  return { accepted: counts.accepted, duplicates: counts.duplicate, rejected: counts.rejected, results };
}
