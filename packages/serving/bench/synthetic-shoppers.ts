import { createProfile } from '@shortlist/core/catalog/to-profile.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { Profile } from '@shortlist/core/contracts/profile.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { NOW_S } from '../../core/bench/retrieval-shop.ts';
import { shopGroups } from '../../core/bench/shop-vectors.ts';

const DAY_S = 86_400;
const TASTES = 3;
const FAVOURITES = 100;

/** Profiles over the last 30 days: 80 views, 15 carts, 5 purchases in 100, of items of a few groups. */
export function shoppers(itemCount: number, count: number, events = 100): Profile[] {
  const random = seededRandom(7);
  const { groupOf, rowsOf } = shopGroups(itemCount);
  return Array.from({ length: count }, () => {
    const tastes = Array.from({ length: TASTES }, () => rowsOf[groupOf[Math.floor(random() * itemCount)]!]!);
    const favourites = Array.from({ length: FAVOURITES }, (_, i) => {
      const rows = tastes[i % TASTES]!;
      return rows[Math.floor(random() ** 2 * rows.length)]!;
    });
    const profile = createProfile(events);
    for (let e = 0; e < events; e++) {
      const draw = random();
      profile.rows[e] = favourites[Math.floor(random() ** 1.5 * FAVOURITES)]!;
      profile.types[e] = draw < 0.8 ? EVENT_CODE.view : draw < 0.95 ? EVENT_CODE.add_to_cart : EVENT_CODE.purchase;
      profile.timesS[e] = NOW_S - (((events - e) * 30) / events) * DAY_S;
    }
    profile.length = events;
    return profile;
  });
}
