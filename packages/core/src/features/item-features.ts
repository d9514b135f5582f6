import type { ItemFeature, Transform } from './feature.ts';
import { COUNTER_CHANNELS, counterChannel } from './item-counters.ts';
import type { ItemState } from './item-table.ts';

const DAY_S = 86_400;
/** Prior of the smoothed rates: an item is taken to have this rate until this many trials say otherwise. */
const CTR_PRIOR = { rate: 0.05, trials: 50 };
const CVR_PRIOR = { rate: 0.03, trials: 50 };

const item = (name: string, transform: Transform, doc: string, value: (state: ItemState) => number): ItemFeature => ({
  name: `item_${name}`,
  group: 'item',
  doc,
  transform,
  value,
});

const at = (state: ItemState, channel: number): number =>
  state.counters.valueAt(state.counterRow, channel, state.asOfS);

const VIEWS_7D = counterChannel('views_7d');
const VIEWS_30D = counterChannel('views_30d');
const CLICKS_30D = counterChannel('clicks_30d');
const IMPRESSIONS_30D = counterChannel('impressions_30d');
const PURCHASES_7D = counterChannel('purchases_7d');
const PURCHASES_30D = counterChannel('purchases_30d');
const PURCHASES_180D = counterChannel('purchases_180d');
const PURCHASES_ALL = counterChannel('purchases_all');
const FIRST_30D = counterChannel('first_purchases_30d');
const BUYERS_ALL = counterChannel('buyers_all');

/** Log ratio of two decayed counts as rates per day: above 0 the item is rising. +1 event each keeps rare items near 0. */
function trend(state: ItemState, short: number, shortDays: number, long: number, longDays: number): number {
  return Math.log((at(state, short) + 1) / shortDays / ((at(state, long) + longDays / shortDays) / longDays));
}

const daysSince = (state: ItemState, timeS: number): number =>
  timeS === 0 ? 999 : Math.max(0, state.asOfS - timeS) / DAY_S;

/** Item features in table order. Those on counters first, in channel order. */
export const ITEM_FEATURES: readonly ItemFeature[] = [
  ...COUNTER_CHANNELS.map((channel, index) =>
    item(
      channel.name,
      'log1p',
      `Decayed number of events (${channel.name.replace(/_([^_]+)$/, ', half-life $1')}).`,
      (state) => at(state, index),
    ),
  ),
  item('ctr_30d', 'identity', 'Clicks and views per impression, smoothed; share.', (state) => {
    const clicks = Math.min(at(state, CLICKS_30D) + at(state, VIEWS_30D), at(state, IMPRESSIONS_30D));
    return (clicks + CTR_PRIOR.rate * CTR_PRIOR.trials) / (at(state, IMPRESSIONS_30D) + CTR_PRIOR.trials);
  }),
  item('cvr_30d', 'identity', 'Purchases per view or click, smoothed; share.', (state) => {
    const looked = at(state, VIEWS_30D) + at(state, CLICKS_30D);
    const bought = looked === 0 ? 0 : Math.min(at(state, PURCHASES_30D), looked);
    return (bought + CVR_PRIOR.rate * CVR_PRIOR.trials) / (looked + CVR_PRIOR.trials);
  }),
  item('view_trend', 'identity', 'Log ratio of the view rate at 7 d to that at 30 d.', (state) =>
    trend(state, VIEWS_7D, 7, VIEWS_30D, 30),
  ),
  item('purchase_trend', 'identity', 'Log ratio of the purchase rate at 7 d to that at 30 d.', (state) =>
    trend(state, PURCHASES_7D, 7, PURCHASES_30D, 30),
  ),
  item('purchase_trend_long', 'identity', 'Log ratio of the purchase rate at 30 d to that at 180 d.', (state) =>
    trend(state, PURCHASES_30D, 30, PURCHASES_180D, 180),
  ),
  item('new_buyer_share', 'identity', 'Share of recent purchases (30 d) by first-time buyers of the item.', (state) => {
    const bought = at(state, PURCHASES_30D);
    return bought < 1e-6 ? 0 : at(state, FIRST_30D) / bought;
  }),
  item(
    'repurchase_rate',
    'identity',
    'Share of all purchases that repeat an earlier one, smoothed by 5 trials.',
    (state) => {
      const all = at(state, PURCHASES_ALL);
      return (all - at(state, BUYERS_ALL)) / (all + 5);
    },
  ),
  item('age', 'log1p', 'Days since the item was created; 999 when unknown.', (state) =>
    daysSince(state, state.catalog.createdS[state.row]! || 0),
  ),
  item('first_sold', 'log1p', 'Days since the first purchase; 999 when never.', (state) =>
    daysSince(state, state.firstPurchaseS[state.counterRow]!),
  ),
  item('last_sold', 'log1p', 'Days since the last purchase; 999 when never.', (state) =>
    daysSince(state, state.lastPurchaseS[state.counterRow]!),
  ),
  item('price', 'log1p', 'Price in the shop’s currency.', (state) => state.catalog.prices[state.row]!),
  item('price_percentile', 'identity', 'Share of the category that is cheaper.', (state) => state.pricePercentile),
];

const INDEX = new Map(ITEM_FEATURES.map((feature, index) => [feature.name, index]));

/** Column of an item feature in the table; a name that does not exist is a programming error. */
export function itemFeatureIndex(name: string): number {
  const index = INDEX.get(name);
  if (index === undefined) throw new Error(`no item feature is named ${name}`);
  return index;
}
