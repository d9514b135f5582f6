import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;
const Id = (description: string) => Type.String({ minLength: 1, maxLength: 256, description });
const Position = (description: string) => Type.Integer({ description });

/** Why an answer is as personal as it is; a fallback never passes for a personal result. */
export const TIERS = ['personalized', 'session', 'cold_start_category', 'trending'] as const;
export type Tier = (typeof TIERS)[number];

const FiltersSchema = Type.Object(
  {
    categories: Type.Optional(Type.Array(Id('Category.'), { maxItems: 100 })),
    brands: Type.Optional(Type.Array(Id('Brand.'), { maxItems: 100 })),
    min_price: Type.Optional(Type.Number({ minimum: 0 })),
    max_price: Type.Optional(Type.Number({ minimum: 0 })),
    allow_purchased: Type.Optional(Type.Boolean({ description: 'Overrides the configured repeat policy.' })),
  },
  closed,
);

export const ContextSchema = Type.Object(
  {
    category: Type.Optional(Id('Only items of this category.')),
    surface: Type.Optional(
      Type.String({ maxLength: 64, description: 'Where the slate is shown: home, product, cart.' }),
    ),
    device: Type.Optional(Type.String({ maxLength: 64, description: 'desktop, mobile, tablet, app.' })),
    recent_items: Type.Optional(
      Type.Array(Id('Item id.'), {
        maxItems: 100,
        description: 'What was just seen, oldest first; joins the profile as views.',
      }),
    ),
    exclude: Type.Optional(Type.Array(Id('Item id.'), { maxItems: 1000, description: 'Must not come back.' })),
    filters: Type.Optional(FiltersSchema),
    user: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }), Type.String({ maxLength: 256 }), {
        maxProperties: 32,
        additionalProperties: false,
        description: 'What the caller knows of the user, for the targeting of experiments (`user.<name>`); not stored.',
      }),
    ),
  },
  closed,
);

/** For whom an answer is: a person who waits, or a page that may be opened soon. */
export const PRIORITIES = ['shopper', 'prefetch'] as const;
export type RequestPriority = (typeof PRIORITIES)[number];

export const RecommendRequestSchema = Type.Object(
  {
    user_id: Type.Optional(Id('Known shopper.')),
    session_id: Type.Optional(Id('Anonymous visit. With user_id too, the user decides.')),
    num_items: Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'Length of the slate.' }),
    context: Type.Optional(ContextSchema),
    explain: Type.Optional(Type.Boolean({ description: 'Add per item why it is there.' })),
    why_not: Type.Optional(
      Type.Array(Id('Item id.'), { maxItems: 20, description: 'Say of these why they are absent.' }),
    ),
    deadline_ms: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 60_000,
        description:
          'How long the answer is worth waiting for, ms; when it cannot come in time the refusal does, at once. The pod has a default and an upper bound.',
      }),
    ),
    priority: Type.Optional(
      Type.Enum([...PRIORITIES], {
        description:
          'A `prefetch` yields to a shopper when there is more to do than time. Default: what the header `x-shortlist-priority` says, else shopper.',
      }),
    ),
  },
  closed,
);
export type RecommendRequest = Static<typeof RecommendRequestSchema>;

const NumberOrNull = Type.Union([Type.Number(), Type.Null()]);

/** The decision trace of one item. */
export const ExplanationSchema = Type.Object({
  sources: Type.Array(Type.Object({ source: Type.String(), rank: Type.Integer(), score: Type.Number() })),
  fused_rank: Position('1-based position after retrieval.'),
  click_probability: NumberOrNull,
  conversion_probability: NumberOrNull,
  model_score: NumberOrNull,
  ranked: Position('1-based position after the ranker.'),
  features: Type.Array(
    Type.Object({ group: Type.String(), moved: Type.Number({ description: 'Change of the score.' }) }),
  ),
  rules: Type.Array(Type.Object({ rule: Type.String(), effect: Type.String() })),
  slot: Position('1-based position in the slate.'),
  exploration: Type.Boolean(),
  propensity: Type.Number(),
});
export type Explanation = Static<typeof ExplanationSchema>;

export const RecommendationSchema = Type.Object({
  item_id: Type.String(),
  score: Type.Number(),
  metadata: Type.Object({
    title: Type.String(),
    category: Type.String(),
    brand: Type.String(),
    price: Type.Number(),
  }),
  reason: Type.Optional(Type.String({ description: 'A sentence a shopper could read.' })),
  explanation: Type.Optional(ExplanationSchema),
});
export type Recommendation = Static<typeof RecommendationSchema>;

export const RecommendResponseSchema = Type.Object({
  recommendations: Type.Array(RecommendationSchema),
  tier: Type.Enum([...TIERS]),
  degraded: Type.Array(Type.String(), {
    description:
      'What the answer was made without: stages that could not do their work (profile, rank), and what is left out under load (load.candidates, load.rank, load.lists).',
  }),
  cached: Type.Optional(
    Type.Boolean({ description: 'True for a slate that was made for the same request a short while ago.' }),
  ),
  model_version: Type.String(),
  experiments: Type.Array(Type.Object({ experiment_id: Type.String(), variant: Type.String() })),
  experiment_id: Type.Union([Type.String(), Type.Null()]),
  variant: Type.Union([Type.String(), Type.Null()]),
  why_not: Type.Optional(
    Type.Array(Type.Object({ item_id: Type.String(), stage: Type.String(), reason: Type.String() })),
  ),
  request_id: Type.String(),
  latency_ms: Type.Number(),
});
export type RecommendResponse = Static<typeof RecommendResponseSchema>;
