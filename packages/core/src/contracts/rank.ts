import { Type, type Static } from 'typebox';
import { ContextSchema, RecommendRequestSchema, TIERS } from './recommend.ts';

/** Most items of one request: as many as a slate is chosen from. */
const RANK_ITEMS_MAX = 500;

const closed = { additionalProperties: false } as const;
const { user_id, session_id, deadline_ms, priority } = RecommendRequestSchema.properties;
const { category, surface, device, recent_items } = ContextSchema.properties;

export const RankRequestSchema = Type.Object(
  {
    user_id,
    session_id,
    items: Type.Array(Type.String({ minLength: 1, maxLength: 256, description: 'Item id.' }), {
      minItems: 1,
      maxItems: RANK_ITEMS_MAX,
      uniqueItems: true,
      description: 'What is to be ranked, in any order.',
    }),
    context: Type.Optional(Type.Object({ category, surface, device, recent_items }, closed)),
    deadline_ms,
    priority,
  },
  closed,
);
export type RankRequest = Static<typeof RankRequestSchema>;

export const RankResponseSchema = Type.Object({
  ranked: Type.Array(
    Type.Object({
      item_id: Type.String(),
      score: Type.Number({ description: 'Expected value; comparable within one answer.' }),
    }),
    { description: 'The known ones of the items, best first; sold out ones too.' },
  ),
  unknown: Type.Array(Type.String(), { description: 'Items that the release does not have, in the order given.' }),
  tier: Type.Enum([...TIERS]),
  degraded: Type.Array(Type.String(), { description: 'Stages that could not do their work, e.g. profile, rank.' }),
  model_version: Type.String(),
  request_id: Type.String(),
  latency_ms: Type.Number(),
});
export type RankResponse = Static<typeof RankResponseSchema>;
