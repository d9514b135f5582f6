import type { CrossFeature, Transform } from './feature.ts';
import type { FeatureContext } from './feature-context.ts';
import { itemFeatureIndex, ITEM_FEATURES } from './item-features.ts';
import type { ProfileSummary } from './profile-summary.ts';

const DAY_S = 86_400;
const POPULARITY = itemFeatureIndex('item_purchases_30d');

const cross = (name: string, transform: Transform, doc: string, fill: CrossFeature['fill']): CrossFeature => ({
  name,
  group: 'cross',
  doc,
  transform,
  fill,
});

/** A feature of the items that the profile names; 0 for all others. `value` is called for the former only. */
const own = (
  name: string,
  doc: string,
  value: (summary: ProfileSummary, slot: number, context: FeatureContext) => number,
): CrossFeature =>
  cross(`own_${name}`, 'log1p', doc, (context, out, offset, stride) => {
    const { summary, slots, count } = context;
    for (let c = 0; c < count; c++) if (slots[c]! >= 0) out[offset + c * stride] = value(summary, slots[c]!, context);
  });

/** Mean days between the item's baskets; 0 below two. */
const gapDays = (s: ProfileSummary, slot: number): number =>
  s.baskets[slot]! < 2 ? 0 : (s.lastBasketS[slot]! - s.firstBasketS[slot]!) / DAY_S / (s.baskets[slot]! - 1);

const daysSince = (context: FeatureContext, timeS: number): number => Math.max(0, context.request.nowS - timeS) / DAY_S;

/** What the user did with the item before. Recencies are 1 / (1 + days), so that "never" is their natural 0. */
export const OWN_FEATURES: readonly CrossFeature[] = [
  own('baskets', 'Baskets with the item.', (s, slot) => s.baskets[slot]!),
  own('baskets_7d', 'The same, halved every 7 days.', (s, slot) => s.baskets7[slot]!),
  own('baskets_30d', 'The same, halved every 30 days.', (s, slot) => s.baskets30[slot]!),
  own('baskets_180d', 'The same, halved every 180 days.', (s, slot) => s.baskets180[slot]!),
  own('baskets_recent', 'The user’s last 3 baskets with the item.', (s, slot) => s.basketsRecent[slot]!),
  own('basket_share', 'Share of the user’s baskets with the item, percent.', (s, slot) =>
    s.basketCount === 0 ? 0 : (100 * s.baskets[slot]!) / s.basketCount,
  ),
  own('last_basket', '100 / (1 + days since the item was last bought).', (s, slot, context) =>
    s.baskets[slot] === 0 ? 0 : 100 / (1 + daysSince(context, s.lastBasketS[slot]!)),
  ),
  own('first_basket', 'Days since the item was first bought.', (s, slot, context) =>
    s.baskets[slot] === 0 ? 0 : daysSince(context, s.firstBasketS[slot]!),
  ),
  own('gap', 'Mean days between the item’s baskets; 0 below two.', gapDays),
  own('due', 'Days since it was last bought over the mean gap; 0 below two.', (s, slot, context) => {
    const gap = gapDays(s, slot);
    return gap === 0 ? 0 : daysSince(context, s.lastBasketS[slot]!) / gap;
  }),
  own('views', 'Views and clicks.', (s, slot) => s.views[slot]!),
  own('carts', 'Times put into the cart.', (s, slot) => s.carts[slot]!),
  own('interest_1d', 'Event weights, halved every day.', (s, slot) => s.interest1[slot]!),
  own('interest_30d', 'Event weights, halved every 30 days.', (s, slot) => s.interest30[slot]!),
  own(
    'last_event',
    '100 / (1 + days since the item’s last event).',
    (s, slot, context) => 100 / (1 + daysSince(context, s.lastS[slot]!)),
  ),
  own('in_session', '1 when the running session has touched it.', (s, slot) => s.inSession[slot]!),
  // The strongest single scorer on purchase data (research/quality.md): own decayed count times a root of popularity.
  own('times_popularity', 'Baskets (180 d) times (purchases of the item at 30 d + 1)^.25.', timesPopularity),
];

function timesPopularity(summary: ProfileSummary, slot: number, { tables }: FeatureContext): number {
  if (summary.baskets[slot] === 0) return 0;
  // The table holds log1p already.
  const popularity = tables.itemFeatures[summary.rows[slot]! * ITEM_FEATURES.length + POPULARITY]!;
  return summary.baskets180[slot]! * Math.exp(0.25 * popularity);
}

/** How the item sits among what the user usually takes. */
export const AFFINITY_FEATURES: readonly CrossFeature[] = [
  cross(
    'category_share',
    'identity',
    'Share of the profile’s events in the category.',
    (context, out, offset, stride) => {
      const { summary, count, candidates, tables } = context;
      if (summary.events === 0) return;
      for (let c = 0; c < count; c++) {
        const code = tables.catalog.categoryCodes[candidates!.rows[c]!]!;
        if (code >= 0) out[offset + c * stride] = summary.categoryEvents[code]! / summary.events;
      }
    },
  ),
  cross(
    'category_interest',
    'identity',
    'The same by event weight, halved every 30 days.',
    (context, out, offset, stride) => {
      const { summary, count, candidates, tables } = context;
      if (summary.interestTotal <= 0) return;
      for (let c = 0; c < count; c++) {
        const code = tables.catalog.categoryCodes[candidates!.rows[c]!]!;
        if (code >= 0) out[offset + c * stride] = summary.categoryInterest[code]! / summary.interestTotal;
      }
    },
  ),
  cross('category_last', 'identity', '1 when the last item is of the category.', (context, out, offset, stride) => {
    const { count, candidates, tables, recentRows, recentCount } = context;
    if (recentCount === 0) return;
    const { categoryCodes } = tables.catalog;
    const last = categoryCodes[recentRows[0]!]!;
    if (last < 0) return;
    for (let c = 0; c < count; c++) if (categoryCodes[candidates!.rows[c]!] === last) out[offset + c * stride] = 1;
  }),
  cross(
    'category_match',
    'identity',
    '1 when the item is of the category asked for.',
    (context, out, offset, stride) => {
      const { count, candidates, tables, request } = context;
      if (request.category < 0) return;
      for (let c = 0; c < count; c++)
        if (tables.catalog.categoryCodes[candidates!.rows[c]!] === request.category) out[offset + c * stride] = 1;
    },
  ),
  cross('brand_share', 'identity', 'Share of the profile’s events with the brand.', (context, out, offset, stride) => {
    const { summary, count, candidates, tables } = context;
    if (summary.events === 0) return;
    for (let c = 0; c < count; c++) {
      const code = tables.catalog.brandCodes[candidates!.rows[c]!]!;
      if (code >= 0) out[offset + c * stride] = summary.brandEvents[code]! / summary.events;
    }
  }),
  cross(
    'price_ratio',
    'identity',
    'log(1 + price) less the profile’s mean; 0 without a profile.',
    (context, out, offset, stride) => {
      const { summary, count, candidates, tables } = context;
      if (summary.events === 0) return;
      for (let c = 0; c < count; c++)
        out[offset + c * stride] = Math.log1p(tables.catalog.prices[candidates!.rows[c]!]!) - summary.logPriceMean;
    },
  ),
];
