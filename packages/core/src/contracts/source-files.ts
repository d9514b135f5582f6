import { Type, type Static } from 'typebox';
import { EVENT_TYPES, type EventType } from './events.ts';

/**
 * The lines of items.jsonl, events.jsonl and impressions.jsonl (and, by column name, of the CSV files): what
 * `shortlist generate` writes and `shortlist import` reads. Fields that are not named here are ignored, since exports
 * of other systems carry more than we need.
 */
const Id = (description: string) => Type.String({ minLength: 1, maxLength: 256, description });
const Label = (description: string) => Type.String({ maxLength: 256, description });
const Timestamp = (description: string) =>
  Type.Union([Type.String({ minLength: 1, maxLength: 40 }), Type.Number()], {
    description: `${description} ISO-8601 (UTC where no offset is given), or a number of unix seconds or milliseconds.`,
  });
const unit = {
  user_id: Type.Optional(Id('Who; user_id or session_id must be there.')),
  session_id: Type.Optional(Id('The visit.')),
};

export const SourceItemSchema = Type.Object({
  item_id: Id('Item id.'),
  title: Type.String({ maxLength: 2_000 }),
  category: Type.Optional(Label("Category; '' when there is none.")),
  brand: Type.Optional(Label("Brand; '' when there is none.")),
  price: Type.Optional(Type.Number({ minimum: 0, maximum: 1e9 })),
  available: Type.Optional(Type.Boolean({ description: 'False: known, but never recommended. Default true.' })),
  created_at: Type.Optional(Timestamp('When it entered the shop; absent: it was always there.')),
  attributes: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
  ),
});
export type SourceItem = Static<typeof SourceItemSchema>;

const types = EVENT_TYPES.filter((type): type is EventType => type !== '');

export const SourceEventSchema = Type.Object({
  event_id: Type.Optional(Id('Names the event; made from its content when absent.')),
  ...unit,
  item_id: Id('Item id.'),
  type: Type.Enum(types, { description: 'What happened.' }),
  timestamp: Timestamp('When.'),
  value: Type.Optional(Type.Number({ minimum: -1e9, maximum: 1e9, description: 'Price, rating, ...' })),
  quantity: Type.Optional(Type.Number({ minimum: 0, maximum: 1e9 })),
  surface: Type.Optional(Label('Where it was shown.')),
  device: Type.Optional(Label('desktop, mobile, tablet, app.')),
  request_id: Type.Optional(Id('The slate it came from.')),
  position: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: '1-based place in that slate.' })),
});
export type SourceEvent = Static<typeof SourceEventSchema>;

export const SourceImpressionSchema = Type.Object({
  request_id: Id('Names the slate.'),
  ...unit,
  timestamp: Timestamp('When it was shown.'),
  surface: Type.Optional(Label('Where it was shown.')),
  device: Type.Optional(Label('desktop, mobile, tablet, app.')),
  category: Type.Optional(Label('The category that was asked for.')),
  items: Type.Array(Id('Item id; the one at index i was at position i + 1.'), { minItems: 1, maxItems: 1_000 }),
  propensities: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { minItems: 1, maxItems: 1_000 }),
});
export type SourceImpression = Static<typeof SourceImpressionSchema>;
