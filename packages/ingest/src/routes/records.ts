import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { json } from '@shortlist/service/http/replies.ts';
import { readBody } from '../events/read-body.ts';
import type { Outcome } from '../rejections.ts';
import { RECORDS_MAX } from '../records/record-intake.ts';
import { route } from './route.ts';

const ResultSchema = Type.Object({
  status: Type.Enum(['accepted', 'duplicate', 'rejected']),
  stage: Type.Optional(Type.String({ description: 'Where a rejected one fell out: parse, validate, time, store.' })),
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});

export const RECORDS_ROUTE = route({
  method: 'POST',
  path: '/records',
  port: 'public',
  group: 'Serving records',
  summary: 'Stores slates and exposures that ranking pods recorded: lines of JSON (contracts/serving-records.ts).',
  rawBody: { 'application/x-ndjson': { type: 'string' } },
  answers: Type.Object({
    accepted: Type.Integer(),
    duplicates: Type.Integer(),
    rejected: Type.Integer(),
    results: Type.Array(ResultSchema, { description: 'In the order of the lines.' }),
  }),
  status: 202,
  errors: [
    'body_too_large',
    'too_many_events',
    'overloaded',
    'database_unreachable',
    'database_timeout',
    'database_read_only',
    'disk_full',
    'not_ready',
  ],
  async handle({ request }, { intake, limits }) {
    const { records: taker } = intake();
    const { events: lines } = readBody(request.body, 'application/x-ndjson', limits.recordBytesMax);
    if (lines.length > RECORDS_MAX)
      throw new ShortlistError('too_many_events', { events: lines.length, eventsMax: RECORDS_MAX });
    return json(202, answerOf(await taker.take(lines)));
  },
});

function answerOf(outcomes: readonly Outcome[]): object {
  const counts = { accepted: 0, duplicate: 0, rejected: 0 };
  const results = outcomes.map((outcome) => {
    counts[outcome.status] += 1;
    if (outcome.status !== 'rejected') return { status: outcome.status };
    const { stage, error } = outcome;
    return { status: outcome.status, stage, code: error.code, message: error.message };
  });
  return { accepted: counts.accepted, duplicates: counts.duplicate, rejected: counts.rejected, results };
}
