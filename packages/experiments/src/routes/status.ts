import { Type } from 'typebox';
import { json } from '@shortlist/service/http/replies.ts';
import { route } from './route.ts';

export const STATUS_ROUTE = route({
  method: 'GET',
  path: '/status',
  port: 'public',
  group: 'Operation',
  summary: 'Who leads, how many experiments are in which state, which snapshot holds, what waits to be announced.',
  answers: Type.Object({}, { additionalProperties: true }),
  errors: [],
  handle: async (_call, { status }) => json(200, await status()),
});
