import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import type { ShopFacts } from './shop-facts.ts';

/** Of a hundred requests: known users, visits that have just looked at something, strangers. */
const SESSIONS = 10;
const STRANGERS = 5;
/** Of a hundred: on the page of a category. */
const ON_CATEGORY = 20;
const RECENT_MAX = 5;
const SLATE = 20;
const DEVICES = ['mobile', 'desktop', 'app'];

export interface Traffic {
  readonly description: string;
  /** JSON of `POST /recommend`, to be sent in this order. */
  readonly bodies: readonly string[];
}

/**
 * Draws `count` requests. Users come as often as they are in the log, so the skew is the data's own; its Zipf exponent is in
 * the description. The same facts and seed give the same bytes, for k6 and for whatever confirms it.
 */
export function drawTraffic(facts: ShopFacts, count: number, seed: number): Traffic {
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const user = weighted(facts.users, random);
  const body = (n: number): RecommendRequest => {
    const kind = below(100);
    const surface = { surface: 'home', device: DEVICES[below(DEVICES.length)]! };
    const category = facts.categories[below(100) < ON_CATEGORY ? below(facts.categories.length) : -1];
    const context = { ...surface, ...(category === undefined ? {} : { surface: 'category', category }) };
    if (kind < STRANGERS || facts.users.length === 0)
      return { session_id: `stranger-${seed}-${n}`, num_items: SLATE, context };
    if (kind < STRANGERS + SESSIONS && facts.items.length > 0) {
      // Squared: what is popular is looked at more.
      const seen = () => facts.items[Math.floor(random() ** 2 * facts.items.length)]!;
      const recent_items = [...new Set(Array.from({ length: 1 + below(RECENT_MAX) }, seen))];
      return { session_id: `visit-${seed}-${n}`, num_items: SLATE, context: { ...context, recent_items } };
    }
    return { user_id: user(), num_items: SLATE, context };
  };
  return {
    description: descriptionOf(facts),
    bodies: Array.from({ length: count }, (_, n) => JSON.stringify(body(n))),
  };
}

function descriptionOf({ source, users }: ShopFacts): string {
  if (users.length === 0) return `${source}: strangers only`;
  const exponent = zipfExponent(users.map(([, events]) => events));
  const skew = exponent === null ? '' : ` (Zipf exponent ${exponent.toFixed(2)})`;
  return `${users.length} users of ${source}, as often as they are in its log${skew}; ${SESSIONS} % visits with recent items, ${STRANGERS} % strangers, ${ON_CATEGORY} % on a category page`;
}

/** Chooses ids in proportion to their weights: binary search in the cumulated weights. */
function weighted(users: ShopFacts['users'], random: () => number): () => string {
  let total = 0;
  const cumulated = Float64Array.from(users, ([, events]) => (total += events));
  return () => {
    const at = random() * total;
    let [low, high] = [0, users.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulated[middle]! <= at) low = middle + 1;
      else high = middle;
    }
    return users[low]![0];
  };
}

/**
 * Slope of log count over log rank, by least squares weighted with 1/rank, so that the long tail of users with one event
 * does not decide alone. Null for fewer than three users.
 */
export function zipfExponent(countsDescending: readonly number[]): number | null {
  if (countsDescending.length < 3) return null;
  let [weights, x, y, xx, xy] = [0, 0, 0, 0, 0];
  countsDescending.forEach((count, i) => {
    const weight = 1 / (i + 1);
    const [logRank, logCount] = [Math.log(i + 1), Math.log(count)];
    weights += weight;
    x += weight * logRank;
    y += weight * logCount;
    xx += weight * logRank * logRank;
    xy += weight * logRank * logCount;
  });
  return -(weights * xy - x * y) / (weights * xx - x * x);
}
