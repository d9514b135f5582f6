import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { IdSchema, IncomingItemSchema, ItemPatchSchema } from '@shortlist/core/contracts/ingest.ts';
import type { ItemOutcome } from '@shortlist/core/stores/item-store.ts';
import { json } from '@shortlist/service/http/replies.ts';
import { toItemPatch, toNewItem } from '../items/read-item.ts';
import { route } from './route.ts';

const ITEMS_PER_REQUEST_MAX = 1_000;
const STORE_ERRORS = [
  'overloaded',
  'database_unreachable',
  'database_timeout',
  'database_read_only',
  'disk_full',
  'not_ready',
] as const;

const ItemResultSchema = Type.Object({
  item_id: Type.String(),
  status: Type.Enum(['inserted', 'updated', 'unchanged', 'stale'], {
    description: '`stale`: an older `version` than the stored one; nothing changed.',
  }),
});
const ItemParams = Type.Object({ id: IdSchema('Item id.') });

export const ITEM_ROUTES = [
  route({
    method: 'POST',
    path: '/items',
    port: 'public',
    group: 'Catalogue',
    summary: 'Adds items or replaces them as a whole: one, or an array.',
    body: Type.Union([
      IncomingItemSchema,
      Type.Array(IncomingItemSchema, { minItems: 1, maxItems: ITEMS_PER_REQUEST_MAX }),
    ]),
    example: { item_id: 'item-1', title: 'Canvas sneaker', category: 'shoes', price: 59.9, stock: 12 },
    answers: Type.Object({ results: Type.Array(ItemResultSchema) }),
    errors: ['body_malformed', 'body_too_large', 'field_invalid', ...STORE_ERRORS],
    async handle({ body }, { intake, nowS }) {
      const items = (Array.isArray(body) ? body : [body]).map((item) => toNewItem(item, nowS()));
      const outcomes = await intake().items.take(items.map((put) => ({ put })));
      return json(200, { results: items.map(({ itemId }, i) => resultOf(itemId, outcomes[i]!)) });
    },
  }),
  route({
    method: 'PATCH',
    path: '/items/{id}',
    port: 'public',
    group: 'Catalogue',
    summary: 'Changes some fields of an item: stock, price, hidden, ...',
    params: ItemParams,
    body: ItemPatchSchema,
    example: { stock: 0 },
    answers: ItemResultSchema,
    errors: ['body_malformed', 'field_invalid', 'catalogue_item_not_found', ...STORE_ERRORS],
    async handle({ params: { id }, body }, { intake }) {
      const [outcome] = await intake().items.take([{ patch: toItemPatch(id, body) }]);
      return json(200, known(id, outcome!));
    },
  }),
  route({
    method: 'DELETE',
    path: '/items/{id}',
    port: 'public',
    group: 'Catalogue',
    summary: 'Takes an item out of the catalogue; its events stay.',
    params: ItemParams,
    answers: ItemResultSchema,
    errors: ['catalogue_item_not_found', ...STORE_ERRORS],
    async handle({ params: { id } }, { intake }) {
      const [outcome] = await intake().items.take([{ patch: { itemId: id, deleted: true } }]);
      return json(200, known(id, outcome!));
    },
  }),
];

const resultOf = (itemId: string, status: ItemOutcome) => ({ item_id: itemId, status });

function known(itemId: string, outcome: ItemOutcome): object {
  if (outcome === 'missing') throw new ShortlistError('catalogue_item_not_found', { itemId });
  return resultOf(itemId, outcome);
}
