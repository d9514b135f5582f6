import { Type } from 'typebox';
import { json } from '@shortlist/service/http/replies.ts';
import { route } from './route.ts';

export const STATUS_ROUTE = route({
  method: 'GET',
  path: '/status',
  port: 'public',
  group: 'Operation',
  summary: 'What waits, what was rejected, and how far the consumers of the log are.',
  answers: Type.Object({}, { additionalProperties: true }),
  errors: [],
  handle: async (_call, { status }) => json(200, await status()),
});
