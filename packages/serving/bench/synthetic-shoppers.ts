import { createProfile } from '@shortlist/core/catalog/to-profile.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { Profile } from '@shortlist/core/contracts/profile.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { NOW_S } from '../../core/bench/retrieval-shop.ts';

const DAY_S = 86_400;
const TASTES = 3;
const FAVOURITES = 100;
const ROWS_PER_GROUP = 100;

/** Groups of items that are alike; row `r` is in group `r % groups`. */
const groupsOf = (itemCount: number): number => Math.ceil(itemCount / ROWS_PER_GROUP);

/** `[count, dim]` unit vectors around the centres of the groups. */
export function shopVectors(count: number, dim: number): Float32Array {
  const random = seededRandom(5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const groups = groupsOf(count);
  const centres = Float32Array.from({ length: groups * dim }, normal);
  const vectors = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    const centre = (row % groups) * dim;
    let squares = 0;
    for (let d = 0; d < dim; d++) {
      const value = centres[centre + d]! + 0.7 * normal();
      vectors[row * dim + d] = value;
      squares += value * value;
    }
    const scale = 1 / Math.sqrt(squares);
    for (let d = 0; d < dim; d++) vectors[row * dim + d]! *= scale;
  }
  return vectors;
}

/** Profiles over the last 30 days: 80 views, 15 carts, 5 purchases in 100, of items of a few groups. */
export function shoppers(itemCount: number, count: number, events = 100): Profile[] {
  const random = seededRandom(7);
  const groups = groupsOf(itemCount);
  return Array.from({ length: count }, () => {
    const tastes = Array.from({ length: TASTES }, () => Math.floor(random() * groups));
    const favourites = Array.from({ length: FAVOURITES }, (_, i) => {
      const row = tastes[i % TASTES]! + groups * Math.floor(random() ** 2 * ROWS_PER_GROUP);
      return Math.min(row, itemCount - 1);
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
