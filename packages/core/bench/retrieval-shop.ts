import { Catalog } from '../src/catalog/catalog.ts';
import { createProfile } from '../src/catalog/to-profile.ts';
import { itemsToArrow } from '../src/catalog/write-items.ts';
import { EVENT_CODE } from '../src/contracts/events.ts';
import type { Profile } from '../src/contracts/profile.ts';
import type { ListSums } from '../src/retrieval/list-sums.ts';
import { copiedLists } from '../test/retrieval/copied-lists.ts';
import { seededRandom } from '../src/statistics/seeded-random.ts';

export const NOW_S = 1_700_000_000;
const DAY_S = 86_400;

/** A popular row more often than others: the square of a uniform number. */
const popularRow = (random: () => number, itemCount: number) => Math.floor(random() ** 2 * itemCount);

export function benchCatalog(itemCount: number): Catalog {
  const random = seededRandom(1);
  const items = Array.from({ length: itemCount }, (_, row) => ({
    itemId: `item-${row}`,
    title: `Thing ${row}`,
    category: `category-${row % 20}`,
    brand: `brand-${row % 100}`,
    price: 1 + 100 * random(),
    createdAtS: NOW_S - random() * 400 * DAY_S,
    available: true,
  }));
  return Catalog.fromArrow(itemsToArrow(items));
}

/** Lists of `length` distinct popular rows each, weights falling from 1. */
export function benchLists(fromCount: number, toCount: number, length: number, seed: number): ListSums {
  const random = seededRandom(seed);
  const neighbors = new Int32Array(fromCount * length);
  const scores = new Float32Array(fromCount * length);
  for (let from = 0; from < fromCount; from++) {
    const taken = new Set<number>();
    while (taken.size < length) taken.add(popularRow(random, toCount));
    let at = from * length;
    for (const row of taken) {
      neighbors[at] = row;
      scores[at] = 1 / (1 + at - from * length);
      at += 1;
    }
  }
  const offsets = Int32Array.from({ length: fromCount + 1 }, (_, from) => from * length);
  return copiedLists({ offsets, neighbors, scores }, toCount);
}

/** Profiles (80 views, 15 carts, 5 purchases in 100) over the last 30 days; about 65 distinct items in 100 events. */
export function benchProfiles(itemCount: number, count: number, events = 100): Profile[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, () => {
    const profile = createProfile(events);
    const favourites = Array.from({ length: 100 }, () => popularRow(random, itemCount));
    for (let e = 0; e < events; e++) {
      const draw = random();
      profile.rows[e] = favourites[Math.floor(random() ** 1.5 * 100)]!;
      profile.types[e] = draw < 0.8 ? EVENT_CODE.view : draw < 0.95 ? EVENT_CODE.add_to_cart : EVENT_CODE.purchase;
      profile.timesS[e] = NOW_S - (((events - e) * 30) / events) * DAY_S;
    }
    profile.length = events;
    return profile;
  });
}
