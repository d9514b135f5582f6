import { EVENT_CODE } from '../contracts/events.ts';
import type { RequestFeature, Transform } from './feature.ts';
import type { FeatureContext } from './feature-context.ts';

const DAY_S = 86_400;
/** Days that stand for "never". */
const NEVER_DAYS = 999;

type Value = (context: FeatureContext) => number;
const user = (name: string, transform: Transform, doc: string, value: Value): RequestFeature => ({
  name: `user_${name}`,
  group: 'user',
  doc,
  transform,
  value,
});
const context = (name: string, doc: string, value: Value): RequestFeature => ({
  name: `context_${name}`,
  group: 'context',
  doc,
  transform: 'identity',
  value,
});

const events =
  (type: number): Value =>
  (c) =>
    c.summary.typeCounts[type]!;
const daysSince = (c: FeatureContext, timeS: number, never: boolean): number =>
  never ? NEVER_DAYS : Math.max(0, c.request.nowS - timeS) / DAY_S;
const meanBasketGapDays = ({ summary: s }: FeatureContext): number =>
  s.basketCount < 2 ? 0 : (s.lastBasketOfUserS - s.firstBasketOfUserS) / DAY_S / (s.basketCount - 1);

/** Entropy of the profile's categories in nats: 0 = one category only. */
function categoryEntropy({ summary }: FeatureContext): number {
  let sum = 0;
  let weighted = 0;
  for (const code of summary.categoriesTouched()) {
    const count = summary.categoryEvents[code]!;
    sum += count;
    weighted += count * Math.log(count);
  }
  return sum === 0 ? 0 : Math.log(sum) - weighted / sum;
}

/** What the profile says about the user and the session. */
export const USER_FEATURES: readonly RequestFeature[] = [
  user('views', 'log1p', 'Views in the profile.', events(EVENT_CODE.view)),
  user('clicks', 'log1p', 'Clicks in the profile.', events(EVENT_CODE.click)),
  user('carts', 'log1p', 'Carts in the profile.', events(EVENT_CODE.add_to_cart)),
  user('purchases', 'log1p', 'Purchase lines in the profile.', events(EVENT_CODE.purchase)),
  user('events', 'log1p', 'Events in the profile.', (c) => c.summary.events),
  user('distinct_items', 'log1p', 'Distinct items in the profile.', (c) => c.summary.itemCount),
  user('category_entropy', 'identity', 'Entropy of the categories, nats.', categoryEntropy),
  user('last_event', 'log1p', 'Days since the last event.', (c) =>
    daysSince(c, c.summary.lastEventS, c.summary.events === 0),
  ),
  user('first_event', 'log1p', 'Days since the oldest event of the profile.', (c) =>
    daysSince(c, c.summary.firstEventS, c.summary.events === 0),
  ),
  user('session_events', 'log1p', 'Events of the running session.', (c) => c.summary.sessionEvents),
  user('session_length', 'log1p', 'Minutes since the running session began.', (c) =>
    c.summary.sessionEvents === 0 ? 0 : Math.max(0, c.request.nowS - c.summary.sessionStartS) / 60,
  ),
  user('log_price', 'identity', 'Mean of log(1 + price) over the profile.', (c) => c.summary.logPriceMean),
  user('log_price_deviation', 'identity', 'Standard deviation of the same.', (c) => c.summary.logPriceDeviation),
  user('baskets', 'log1p', 'Distinct purchase times.', (c) => c.summary.basketCount),
  user('baskets_30d', 'log1p', 'The same, halved every 30 days.', (c) => c.summary.basketCount30),
  user('basket_lines', 'log1p', 'Mean distinct items per basket.', (c) =>
    c.summary.basketCount === 0 ? 0 : c.summary.basketLines / c.summary.basketCount,
  ),
  user('basket_gap', 'log1p', 'Mean days between baskets; 0 below two.', meanBasketGapDays),
  user('last_basket', 'log1p', 'Days since the last basket.', (c) =>
    daysSince(c, c.summary.lastBasketOfUserS, c.summary.basketCount === 0),
  ),
  user('basket_due', 'log1p', 'Days since the last basket over the mean gap; 0 below two.', (c) => {
    const gap = meanBasketGapDays(c);
    return gap === 0 ? 0 : (c.request.nowS - c.summary.lastBasketOfUserS) / DAY_S / gap;
  }),
  user('repeat_share', 'identity', 'Share of basket lines bought before.', (c) =>
    c.summary.basketLines === 0 ? 0 : c.summary.repeatLines / c.summary.basketLines,
  ),
];

const TAU = 2 * Math.PI;
/** UTC. The epoch was a Thursday; 0 = Monday. */
const hourAngle = (nowS: number): number => (TAU * (nowS % DAY_S)) / DAY_S;
const weekdayAngle = (nowS: number): number => (TAU * ((Math.floor(nowS / DAY_S) + 3) % 7)) / 7;

const DEVICES = ['desktop', 'mobile', 'tablet', 'app'];
const SURFACES = ['home', 'product', 'cart', 'search'];

/** From where and when the request comes. */
export const CONTEXT_FEATURES: readonly RequestFeature[] = [
  context('hour_sin', 'Hour of day, UTC, sine.', (c) => Math.sin(hourAngle(c.request.nowS))),
  context('hour_cos', 'Hour of day, UTC, cosine.', (c) => Math.cos(hourAngle(c.request.nowS))),
  context('weekday_sin', 'Day of week, UTC, sine.', (c) => Math.sin(weekdayAngle(c.request.nowS))),
  context('weekday_cos', 'Day of week, UTC, cosine.', (c) => Math.cos(weekdayAngle(c.request.nowS))),
  ...DEVICES.map((device) =>
    context(`device_${device}`, `1 on ${device}.`, (c) => (c.request.device === device ? 1 : 0)),
  ),
  ...SURFACES.map((surface) =>
    context(`surface_${surface}`, `1 on the surface ${surface}.`, (c) => (c.request.surface === surface ? 1 : 0)),
  ),
  context('category_asked', '1 when the request names a category.', (c) => (c.request.category >= 0 ? 1 : 0)),
];
