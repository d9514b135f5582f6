import { Type, type Static } from 'typebox';
import { EVENT_TYPES, EVENT_WEIGHT, EVENT_CODE } from './events.ts';

/** What comes in over HTTP: events, items and users, as their senders describe them. */
const closed = { additionalProperties: false } as const;
/** PostgreSQL's text cannot hold NUL; what is only blank is no id. */
const Id = (description: string) =>
  Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$', description });
const Label = (description: string) => Type.String({ maxLength: 256, pattern: '^[^\\u0000]*$', description });
const Timestamp = (description: string) =>
  Type.Union([Type.String({ minLength: 1, maxLength: 40 }), Type.Number()], {
    description: `${description} ISO-8601 (UTC where no offset is given), or a number of unix seconds or milliseconds.`,
  });
const Attributes = Type.Record(
  Type.String({ maxLength: 64, pattern: '^[^\\u0000]+$' }),
  Type.Union([Label(''), Type.Number(), Type.Boolean(), Type.Null()]),
  { maxProperties: 64, description: 'Whatever else is known; kept and given back.' },
);

const BUILT_IN = EVENT_TYPES.filter((type) => type !== '');

export const IncomingEventSchema = Type.Object(
  {
    event_id: Type.Optional(Id('Names the event: sent again it counts once. Without it every sending is an event.')),
    user_id: Type.Optional(Id('Who; user_id or session_id must be there.')),
    session_id: Type.Optional(Id('The visit.')),
    item_id: Type.Optional(Id('What; needed by every type but search.')),
    type: Type.String({
      minLength: 1,
      maxLength: 64,
      description: `${BUILT_IN.join(', ')}, or a custom type that the service is configured with.`,
    }),
    timestamp: Type.Optional(Timestamp('When; absent: now.')),
    value: Type.Optional(Type.Number({ minimum: -1e9, maximum: 1e9, description: 'Price, rating, ...' })),
    quantity: Type.Optional(Type.Number({ minimum: 0, maximum: 1e9 })),
    query: Type.Optional(Label('What was searched for.')),
    surface: Type.Optional(Label('Where it was shown.')),
    device: Type.Optional(Label('desktop, mobile, tablet, app.')),
    request_id: Type.Optional(Id('The recommendation it follows.')),
    position: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: '1-based place in that slate.' })),
  },
  closed,
);
export type IncomingEvent = Static<typeof IncomingEventSchema>;

const itemFields = {
  title: Type.String({ maxLength: 2_000, pattern: '^[^\\u0000]*$' }),
  category: Label("Category; '' when there is none."),
  brand: Label("Brand; '' when there is none."),
  price: Type.Number({ minimum: 0, maximum: 1e9 }),
  available: Type.Boolean({ description: 'False: known, but never recommended.' }),
  stock: Type.Union([Type.Integer({ minimum: 0, maximum: 1e9 }), Type.Null()], {
    description: 'Pieces left; 0 hides the item, null stops counting.',
  }),
  hidden: Type.Boolean({ description: 'True: not shown, whatever the stock.' }),
  attributes: Attributes,
  version: Type.Number({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "The sender's clock or counter: a write with a smaller one than the stored is ignored.",
  }),
};

export const IncomingItemSchema = Type.Object(
  {
    item_id: Id('Item id.'),
    title: itemFields.title,
    category: Type.Optional(itemFields.category),
    brand: Type.Optional(itemFields.brand),
    price: Type.Optional(itemFields.price),
    available: Type.Optional(itemFields.available),
    created_at: Type.Optional(Timestamp('When it entered the shop; absent: now, or as it is stored.')),
    stock: Type.Optional(itemFields.stock),
    hidden: Type.Optional(itemFields.hidden),
    attributes: Type.Optional(Attributes),
    version: Type.Optional(itemFields.version),
  },
  closed,
);
export type IncomingItem = Static<typeof IncomingItemSchema>;

export const ItemPatchSchema = Type.Partial(Type.Object(itemFields), { ...closed, minProperties: 1 });
export type IncomingItemPatch = Static<typeof ItemPatchSchema>;

export const IncomingUserSchema = Type.Object({ user_id: Id('User id.'), attributes: Attributes }, closed);
export const MergeSchema = Type.Object(
  { session_id: Id('The anonymous visit.'), user_id: Id('Who it turned out to be.') },
  closed,
);
export const IdSchema = Id;

/** A type of event that a shop adds. */
export interface CustomEventType {
  readonly name: string;
  /** How much one says about interest, beside view 1, wishlist 2, add_to_cart 3, purchase 5. */
  readonly weight: number;
}

/** Built-in types that may serve in place of a custom one: no rule (bought, hidden) hangs on them. */
const STAND_INS = [EVENT_CODE.click, EVENT_CODE.wishlist, EVENT_CODE.add_to_cart];

/** The built-in type whose weight is nearest, so that no reader of events needs to know custom types. */
export function standInOf({ weight }: CustomEventType): number {
  return STAND_INS.reduce((best, code) =>
    Math.abs(EVENT_WEIGHT[code]! - weight) < Math.abs(EVENT_WEIGHT[best]! - weight) ? code : best,
  );
}
