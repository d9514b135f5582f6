import { BRAND_DIM, STYLE_DIM } from './catalogue.ts';
import { fromS, knownUsers, type GeneratorParameters } from './parameters.ts';
import { Random } from './random.ts';
import { CATEGORIES } from './vocabulary.ts';

/** Share of a shopper's intents outside the one or two categories they prefer. */
const ELSEWHERE = 0.12;
const SECOND_CATEGORY_CHANCE = 0.75;
/** Share of known shoppers who sign up inside the window. */
const JOINS_INSIDE_SHARE = 0.15;
const ACTIVITY_SPREAD = 0.8;
/** Items a shopper remembers, for coming back to them. */
export const MEMORY = 12;

export const userId = (user: number): string => `user-${String(user + 1).padStart(5, '0')}`;

/** Number of a known shopper, or -1. */
export function userIndex(id: string, known: number): number {
  const user = /^user-\d{5,}$/.test(id) ? Number(id.slice(5)) - 1 : -1;
  return user >= 0 && user < known && userId(user) === id ? user : -1;
}

/**
 * Latent tastes of all shoppers, known ones first, in flat arrays (160 bytes each, with their memory). Each shopper's
 * draws come from a stream of their own.
 */
export class ShopperTable {
  readonly count: number;
  readonly known: number;
  /** [count, categories]: intent per category, each row sums to 1. */
  readonly intents: Float32Array;
  /** [count, STYLE_DIM] and [count, BRAND_DIM], unit variance. */
  readonly style: Float32Array;
  readonly brandTaste: Float32Array;
  /** The price level they like, in standard deviations of a category, and how much they mind another. */
  readonly pricePoint: Float32Array;
  readonly priceSensitivity: Float32Array;
  readonly joinedS: Float64Array;
  /** Cumulative activity of the known shoppers. */
  readonly activity: Float64Array;
  readonly preferred: Uint8Array;

  constructor(parameters: GeneratorParameters) {
    const { users, seed } = parameters;
    const categories = CATEGORIES.length;
    this.count = users;
    this.known = knownUsers(parameters);
    this.intents = new Float32Array(users * categories);
    this.style = new Float32Array(users * STYLE_DIM);
    this.brandTaste = new Float32Array(users * BRAND_DIM);
    this.pricePoint = new Float32Array(users);
    this.priceSensitivity = new Float32Array(users);
    this.joinedS = new Float64Array(users);
    this.activity = new Float64Array(this.known);
    this.preferred = new Uint8Array(users * 2);
    const random = new Random(seed, 'shopper');
    const from = fromS(parameters);
    let total = 0;
    for (let user = 0; user < users; user++) {
      random.reseed(seed, 'shopper', user);
      this.drawIntents(user, random);
      for (let axis = 0; axis < STYLE_DIM; axis++) this.style[user * STYLE_DIM + axis] = random.normal();
      for (let axis = 0; axis < BRAND_DIM; axis++) this.brandTaste[user * BRAND_DIM + axis] = random.normal();
      this.pricePoint[user] = 0.8 * random.normal();
      this.priceSensitivity[user] = 0.6 * Math.exp(0.5 * random.normal());
      const activity = Math.exp(ACTIVITY_SPREAD * random.normal());
      const joinsInside = random.chance(JOINS_INSIDE_SHARE);
      const joins = random.uniform();
      if (user >= this.known) continue;
      this.joinedS[user] = joinsInside && user > 0 ? from + joins * (parameters.untilS - from) : from;
      total += activity;
      this.activity[user] = total;
    }
  }

  /** A known shopper in proportion to activity. O(log known). */
  drawKnown(random: Random): number {
    const target = random.uniform() * this.activity[this.known - 1]!;
    let [low, high] = [0, this.known - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.activity[middle]! <= target) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private drawIntents(user: number, random: Random): void {
    const categories = CATEGORIES.length;
    const shares = CATEGORIES.map(({ share }) => share);
    const first = random.weighted(shares, 1);
    shares[first] = 0;
    const second = random.weighted(shares, 1 - CATEGORIES[first]!.share);
    const hasSecond = random.chance(SECOND_CATEGORY_CHANCE);
    const split = hasSecond ? 0.55 + 0.2 * random.uniform() : 1;
    const others = 1 - CATEGORIES[first]!.share - (hasSecond ? CATEGORIES[second]!.share : 0);
    for (let category = 0; category < categories; category++) {
      const isFavourite = category === first || (hasSecond && category === second);
      const share = isFavourite
        ? (1 - ELSEWHERE) * (category === first ? split : 1 - split)
        : (ELSEWHERE * CATEGORIES[category]!.share) / others;
      this.intents[user * categories + category] = share;
    }
    this.preferred[user * 2] = first;
    this.preferred[user * 2 + 1] = hasSecond ? second : first;
  }
}
