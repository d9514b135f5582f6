import { fetched } from '../fetched.ts';
import { transformed, type CrossBlock, type CrossFeature } from './feature.ts';
import type { FeatureContext } from './feature-context.ts';
import { itemFeatureIndex, ITEM_FEATURES } from './item-features.ts';
import type { ProfileSummary } from './profile-summary.ts';

const DAY_S = 86_400;
const POPULARITY = itemFeatureIndex('item_purchases_30d');

/** A feature of the items that the profile names; 0 for all others. */
interface OwnFeature extends CrossFeature {
  readonly value: (summary: ProfileSummary, slot: number, context: FeatureContext) => number;
}

const own = (name: string, doc: string, value: OwnFeature['value']): OwnFeature => ({
  name: `own_${name}`,
  group: 'cross',
  doc,
  transform: 'log1p',
  value,
});

/** Mean days between the item's baskets; 0 below two. */
const gapDays = (s: ProfileSummary, slot: number): number =>
  s.baskets[slot]! < 2 ? 0 : (s.lastBasketS[slot]! - s.firstBasketS[slot]!) / DAY_S / (s.baskets[slot]! - 1);

const daysSince = (context: FeatureContext, timeS: number): number => Math.max(0, context.request.nowS - timeS) / DAY_S;

/** What the user did with the item before. Recencies are 1 / (1 + days), so that "never" is their natural 0. */
const OWN_FEATURES: readonly OwnFeature[] = [
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

export const OWN_BLOCK: CrossBlock = {
  features: OWN_FEATURES.map(({ value: _, ...feature }) => feature),
  fill(context, out, offset, stride) {
    const { summary, slots, count } = context;
    for (let c = 0; c < count; c++) {
      const slot = slots[c]!;
      if (slot < 0) continue;
      const at = offset + c * stride;
      for (let f = 0; f < OWN_FEATURES.length; f++) {
        const { value, transform } = OWN_FEATURES[f]!;
        out[at + f] = transformed(Math.fround(value(summary, slot, context)), transform);
      }
    }
  },
};

function timesPopularity(summary: ProfileSummary, slot: number, { tables }: FeatureContext): number {
  if (summary.baskets[slot] === 0) return 0;
  // The table holds log1p already.
  const popularity = tables.itemFeatures[summary.rows[slot]! * ITEM_FEATURES.length + POPULARITY]!;
  return summary.baskets180[slot]! * Math.exp(0.25 * popularity);
}

const affinity = (name: string, doc: string): CrossFeature => ({ name, group: 'cross', doc, transform: 'identity' });

/** How the item sits among what the user usually takes. */
export const AFFINITY_BLOCK: CrossBlock = {
  features: [
    affinity('category_share', 'Share of the profile’s events in the category.'),
    affinity('category_interest', 'The same by event weight, halved every 30 days.'),
    affinity('category_last', '1 when the last item is of the category.'),
    affinity('category_match', '1 when the item is of the category asked for.'),
    affinity('brand_share', 'Share of the profile’s events with the brand.'),
    affinity('price_ratio', 'log(1 + price) less the profile’s mean; 0 without a profile.'),
  ],
  fill({ summary, count, candidates, tables, recentRows, recentCount, request }, out, offset, stride) {
    const { rows } = candidates!;
    const { categoryCodes, brandCodes, prices } = tables.catalog;
    const { categoryEvents, categoryInterest, brandEvents, events, interestTotal, logPriceMean } = summary;
    const last = recentCount === 0 ? -1 : categoryCodes[recentRows[0]!]!;
    let bits = 0;
    for (let c = 0; c < count; c++) bits ^= categoryCodes[rows[c]!]! ^ brandCodes[rows[c]!]! ^ prices[rows[c]!]!;
    fetched.bits = bits;
    for (let c = 0; c < count; c++) {
      const row = rows[c]!;
      const at = offset + c * stride;
      const category = categoryCodes[row]!;
      if (category >= 0) {
        if (events > 0) out[at] = categoryEvents[category]! / events;
        if (interestTotal > 0) out[at + 1] = categoryInterest[category]! / interestTotal;
        if (category === last) out[at + 2] = 1;
        if (category === request.category) out[at + 3] = 1;
      }
      if (events === 0) continue;
      const brand = brandCodes[row]!;
      if (brand >= 0) out[at + 4] = brandEvents[brand]! / events;
      out[at + 5] = Math.log1p(prices[row]!) - logPriceMean;
    }
  },
};
