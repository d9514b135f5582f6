import { Type, type Static } from 'typebox';

const share = (description: string, initial: number) =>
  Type.Number({ minimum: 0, maximum: 1, default: initial, description });
const k = (initial: number) => Type.Integer({ minimum: 0, maximum: 500, default: initial });
const closed = { additionalProperties: false } as const;

/**
 * What one recommendation is made with. A release carries its own over these defaults, an experiment's variant over
 * the release's. Every key states meaning, unit and default.
 */
export const ParametersSchema = Type.Object(
  {
    candidatesMax: Type.Integer({
      minimum: 10,
      maximum: 500,
      default: 500,
      description: 'Most candidates to choose from.',
    }),
    rankedMax: Type.Integer({
      minimum: 10,
      maximum: 500,
      default: 200,
      description:
        'Candidates that the model scores, the first ones of the fused order; the others stand below them in that order. On held-out lists of online-retail 200 of 500 lose nothing (NDCG@10 -0.01 % +- 0.33 %), 100 lose 0.7 %.',
    }),
    profileEventsMax: Type.Integer({
      minimum: 1,
      maximum: 5000,
      default: 100,
      description: 'Most recent events of a user that are looked at.',
    }),
    sources: Type.Object(
      {
        two_tower: k(200),
        co_visitation: k(150),
        item_item: k(150),
        ials: k(0),
        user_user: k(100),
        content: k(100),
        category: k(50),
        repeats: k(100),
        trending: k(100),
        popular: k(50),
        new_items: k(20),
      },
      { ...closed, description: 'Most candidates from each source; 0 turns it off.' },
    ),
    shares: Type.Object(
      {
        collaborative: share('Weight of collaborative sources in the fused order.', 0.7),
        content: share('Weight of content sources in the fused order.', 0.3),
      },
      closed,
    ),
    precision: Type.Union([Type.Literal('int8'), Type.Literal('fp32'), Type.Literal('none')], {
      default: 'int8',
      description: 'Which ranker scores; none leaves the fused order.',
    }),
    weights: Type.Object(
      {
        click: Type.Number({ minimum: 0, maximum: 100, default: 0.2, description: 'Value of a click.' }),
        conversion: Type.Number({ minimum: 0, maximum: 100, default: 1, description: 'Value of a conversion.' }),
      },
      closed,
    ),
    repeats: Type.Object(
      {
        allowPurchased: Type.Boolean({ default: true, description: 'May bought items be recommended again?' }),
        hideSeenS: Type.Number({
          minimum: 0,
          default: 0,
          description:
            'Seconds for which an item that was viewed is not shown again. 0 shows it: people come back to what they looked at (docs/adr/0006).',
        }),
      },
      closed,
    ),
    diversity: Type.Object(
      {
        lambda: share(
          'MMR: 0 keeps the ranked order, 1 looks only at difference; an item just like one in the slate must be worth exp(lambda / (1 - lambda)) times another (1.5 at 0.3) to be taken before it.',
          0.3,
        ),
        top: Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'Ranked items MMR chooses from.' }),
      },
      closed,
    ),
    exploration: Type.Object(
      {
        slots: Type.Integer({ minimum: 0, maximum: 20, default: 0, description: 'Slots drawn at random per slate.' }),
        pool: Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'Ranked items drawn from.' }),
      },
      closed,
    ),
    coldStart: Type.Union([Type.Literal('serve'), Type.Literal('reject')], {
      default: 'serve',
      description: 'Unknown user_id: serve a declared fallback tier, or 404 user_not_found.',
    }),
  },
  closed,
);

export type Parameters = Static<typeof ParametersSchema>;
