import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { EVENT_TYPES } from '@shortlist/core/contracts/events.ts';
import { IdSchema, IncomingUserSchema, MergeSchema } from '@shortlist/core/contracts/ingest.ts';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { ErasureReceipt, ExportedEvent } from '@shortlist/core/stores/user-store.ts';
import { json, text } from '@shortlist/service/http/replies.ts';
import { route } from './route.ts';

const STORE_ERRORS = [
  'database_unreachable',
  'database_timeout',
  'database_read_only',
  'disk_full',
  'not_ready',
] as const;
const UserParams = Type.Object({ id: IdSchema('User id.') });

const ReceiptSchema = Type.Object({
  receipt: Type.String({ description: 'Ask GET /erasures/{receipt} for its completion.' }),
  requested_at: Type.String(),
  completed_at: Type.Union([Type.String(), Type.Null()], {
    description: 'Null: readers of the log have yet to pass what it still says of the user.',
  }),
  removed: Type.Record(Type.String(), Type.Integer(), { description: 'Rows, by table.' }),
});

export const USER_ROUTES = [
  route({
    method: 'POST',
    path: '/users',
    port: 'public',
    group: 'Shoppers',
    summary: "Sets a user's attributes.",
    body: IncomingUserSchema,
    example: { user_id: 'user-1', attributes: { country: 'NL', newsletter: true } },
    answers: Type.Object({ user_id: Type.String() }),
    errors: ['body_malformed', 'field_invalid', ...STORE_ERRORS],
    async handle({ body }, { intake }) {
      const { user_id: userId, attributes } = body;
      await intake().people.write(({ users }) => users.put([{ userId, attributes }]));
      return json(200, { user_id: userId });
    },
  }),
  route({
    method: 'POST',
    path: '/users/merge',
    port: 'public',
    group: 'Shoppers',
    summary: 'An anonymous session turned out to be a known user: its events become theirs.',
    body: MergeSchema,
    example: { session_id: 'session-1', user_id: 'user-1' },
    answers: Type.Object({ events: Type.Integer({ description: "How many became the user's." }) }),
    errors: ['body_malformed', 'field_invalid', ...STORE_ERRORS],
    async handle({ body }, { intake }) {
      const { events } = await intake().people.write(async ({ users }, tell) => {
        const merged = await users.merge(body.session_id, body.user_id);
        if (merged.events > 0) tell({ kind: LOG_KIND.merge, payload: merged.payload });
        return merged;
      });
      return json(200, { events });
    },
  }),
  route({
    method: 'DELETE',
    path: '/users/{id}',
    port: 'public',
    group: 'Shoppers',
    summary: 'Erases everything of a user, everywhere, with a receipt.',
    params: UserParams,
    answers: ReceiptSchema,
    status: 202,
    errors: STORE_ERRORS,
    async handle({ params: { id } }, { intake }) {
      const { receipt } = await intake().people.write(async ({ users }, tell) => {
        const erased = await users.erase(id);
        for (const payload of erased.retractions) tell({ kind: LOG_KIND.retract, payload });
        return erased;
      });
      return json(202, receiptOf(receipt));
    },
  }),
  route({
    method: 'GET',
    path: '/erasures/{receipt}',
    port: 'public',
    group: 'Shoppers',
    summary: 'Whether an erasure is complete.',
    params: Type.Object({
      receipt: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', description: 'Receipt.' }),
    }),
    answers: ReceiptSchema,
    errors: ['field_invalid', 'erasure_not_found', ...STORE_ERRORS],
    async handle({ params: { receipt } }, { intake }) {
      const found = await intake().stores.users.erasure(receipt);
      if (found === undefined) throw new ShortlistError('erasure_not_found', { receipt });
      return json(200, receiptOf(found));
    },
  }),
  route({
    method: 'GET',
    path: '/users/{id}/events',
    port: 'public',
    group: 'Shoppers',
    summary: "A user's events, oldest first, as lines of JSON: what their owner may ask for.",
    params: UserParams,
    answers: 'application/x-ndjson',
    errors: STORE_ERRORS,
    async handle({ params: { id } }, { intake }) {
      let lines = '';
      for await (const batch of intake().stores.users.exportEvents(id))
        for (const event of batch) lines += `${JSON.stringify(exported(id, event))}\n`;
      return text(200, 'application/x-ndjson; charset=utf-8', lines);
    },
  }),
];

const iso = (timeS: number): string => new Date(timeS * 1000).toISOString();

function receiptOf({ receipt, requestedAtS, completedAtS, counts }: ErasureReceipt): object {
  return {
    receipt,
    requested_at: iso(requestedAtS),
    completed_at: completedAtS === null ? null : iso(completedAtS),
    removed: counts,
  };
}

/** In the form that `POST /events` takes. */
function exported(userId: string, event: ExportedEvent): object {
  const fields = {
    event_id: event.eventId,
    user_id: userId,
    session_id: event.sessionId,
    item_id: event.itemId === '' ? null : event.itemId,
    type: event.customType ?? EVENT_TYPES[event.type],
    timestamp: iso(event.occurredAtS),
    received_at: iso(event.receivedAtS),
    value: event.value,
    quantity: event.quantity,
    query: event.query,
    surface: event.surface,
    device: event.device,
    request_id: event.requestId,
    position: event.position,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
