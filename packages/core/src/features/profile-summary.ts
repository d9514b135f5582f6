import { EVENT_CODE, EVENT_TYPES, EVENT_WEIGHT } from '../contracts/events.ts';
import type { Profile } from '../contracts/profile.ts';
import type { FeatureCatalog } from './item-table.ts';
import { decay } from './item-counters.ts';
import { RowNumbers } from '../retrieval/row-numbers.ts';

const DAY_S = 86_400;
/** A pause longer than this ends a session. */
const SESSION_GAP_S = 1800;
/** Own counts in the last so many baskets; a shopper's staples show up here. */
const RECENT_BASKETS = 3;
/** Items whose vectors stand for what the user is doing now. */
export const RECENT_ITEMS = 5;

/**
 * What one pass over a profile says about the user, and about each item, category and brand in it.
 *
 * The scratch lives as long as the process: a request clears nothing of the catalogue's size and allocates nothing. A
 * *basket* is a distinct purchase time.
 */
export class ProfileSummary {
  readonly #catalog: FeatureCatalog;
  readonly #slots = new RowNumbers();

  readonly rows: Int32Array;
  /** Distinct purchase times of the item. */
  readonly baskets: Float64Array;
  readonly basketsRecent: Float64Array;
  /** Baskets, each halved every 7, 30, 180 days. */
  readonly baskets7: Float64Array;
  readonly baskets30: Float64Array;
  readonly baskets180: Float64Array;
  /** Event weights (view 1, cart 3, purchase 5), halved every day, every 30 days. */
  readonly interest1: Float64Array;
  readonly interest30: Float64Array;
  readonly views: Float64Array;
  readonly carts: Float64Array;
  readonly lastS: Float64Array;
  readonly lastBasketS: Float64Array;
  readonly firstBasketS: Float64Array;
  readonly inSession: Uint8Array;

  /** Interest (event weights halved every 30 days) and plain events by category and brand code. */
  categoryEvents = new Float64Array(0);
  categoryInterest = new Float64Array(0);
  brandEvents = new Float64Array(0);
  #categoriesTouched = new Int32Array(0);
  #brandsTouched = new Int32Array(0);
  #categoryCount = 0;
  #brandCount = 0;

  /** Events by code. */
  readonly typeCounts = new Float64Array(EVENT_TYPES.length);
  events = 0;
  interestTotal = 0;
  basketCount = 0;
  basketLines = 0;
  /** Basket lines of an item that the user had bought before. */
  repeatLines = 0;
  firstBasketOfUserS = 0;
  lastBasketOfUserS = 0;
  basketCount30 = 0;
  firstEventS = 0;
  lastEventS = 0;
  sessionEvents = 0;
  sessionStartS = 0;
  logPriceMean = 0;
  logPriceDeviation = 0;

  /** `eventsMax`: longest profile that is read whole. */
  constructor(catalog: FeatureCatalog, eventsMax: number) {
    const doubles = () => new Float64Array(eventsMax);
    this.#catalog = catalog;
    this.rows = new Int32Array(eventsMax);
    this.baskets = doubles();
    this.basketsRecent = doubles();
    this.baskets7 = doubles();
    this.baskets30 = doubles();
    this.baskets180 = doubles();
    this.interest1 = doubles();
    this.interest30 = doubles();
    this.views = doubles();
    this.carts = doubles();
    this.lastS = doubles();
    this.lastBasketS = doubles();
    this.firstBasketS = doubles();
    this.inSession = new Uint8Array(eventsMax);
    this.#makeRoomForCodes();
  }

  /** Distinct items; the arrays above are valid up to here, in order of last event, most recent first. */
  get itemCount(): number {
    return this.#slots.count;
  }

  /** Slot of an item in the arrays above, or -1 when the profile does not name it. */
  slotOf(row: number): number {
    return this.#slots.get(row);
  }

  /** Codes of the distinct categories in the profile. */
  categoriesTouched(): Int32Array {
    return this.#categoriesTouched.subarray(0, this.#categoryCount);
  }

  /** Summarises `profile` as of `nowS`, most recent event first. O(events). */
  read(profile: Profile, nowS: number): void {
    this.#reset();
    const oldest = Math.max(0, profile.length - this.rows.length);
    let previousS = nowS;
    let sessionOpen = true;
    let basketS = NaN;
    let decay1 = 0;
    let decay7 = 0;
    let decay30 = 0;
    let decay180 = 0;
    let decayedForS = NaN;
    let priceSum = 0;
    let priceSquares = 0;
    for (let e = profile.length - 1; e >= oldest; e--) {
      const row = profile.rows[e]!;
      if (row < 0) continue;
      const type = profile.types[e]!;
      const timeS = profile.timesS[e]!;
      // Lines of one basket share their time: one set of exponentials per basket instead of per line.
      if (timeS !== decayedForS) {
        const ageS = Math.max(0, nowS - timeS);
        decay1 = decay(ageS, DAY_S);
        decay7 = decay(ageS, 7 * DAY_S);
        decay30 = decay(ageS, 30 * DAY_S);
        decay180 = decay(ageS, 180 * DAY_S);
        decayedForS = timeS;
      }
      if (this.events === 0) this.lastEventS = timeS;
      this.firstEventS = timeS;
      this.events += 1;
      this.typeCounts[type] = this.typeCounts[type]! + 1;

      if (sessionOpen && previousS - timeS <= SESSION_GAP_S) {
        this.sessionEvents += 1;
        this.sessionStartS = timeS;
      } else sessionOpen = false;
      previousS = timeS;

      const slot = this.#slot(row, timeS);
      const weight = EVENT_WEIGHT[type]!;
      if (sessionOpen) this.inSession[slot] = 1;
      this.interest1[slot] = this.interest1[slot]! + weight * decay1;
      this.interest30[slot] = this.interest30[slot]! + weight * decay30;
      this.#addGroups(row, weight * decay30);
      const logPrice = Math.log1p(this.#catalog.prices[row]!);
      priceSum += logPrice;
      priceSquares += logPrice * logPrice;

      if (type === EVENT_CODE.view || type === EVENT_CODE.click) this.views[slot] = this.views[slot]! + 1;
      else if (type === EVENT_CODE.add_to_cart) this.carts[slot] = this.carts[slot]! + 1;
      else if (type === EVENT_CODE.purchase) {
        if (timeS !== basketS) {
          basketS = timeS;
          this.basketCount += 1;
          this.basketCount30 += decay30;
          if (this.basketCount === 1) this.lastBasketOfUserS = timeS;
          this.firstBasketOfUserS = timeS;
        }
        // Two lines of one item in a basket are one purchase.
        if (this.firstBasketS[slot] === timeS) continue;
        this.basketLines += 1;
        if (this.baskets[slot] === 0) this.lastBasketS[slot] = timeS;
        else this.repeatLines += 1;
        this.firstBasketS[slot] = timeS;
        this.baskets[slot] = this.baskets[slot]! + 1;
        if (this.basketCount <= RECENT_BASKETS) this.basketsRecent[slot] = this.basketsRecent[slot]! + 1;
        this.baskets7[slot] = this.baskets7[slot]! + decay7;
        this.baskets30[slot] = this.baskets30[slot]! + decay30;
        this.baskets180[slot] = this.baskets180[slot]! + decay180;
      }
    }
    if (this.events === 0) return;
    this.logPriceMean = priceSum / this.events;
    this.logPriceDeviation = Math.sqrt(Math.max(0, priceSquares / this.events - this.logPriceMean ** 2));
  }

  /** Items that are new since the release may be of new categories and brands. Between requests all sums are 0. */
  #makeRoomForCodes(): void {
    const { categories, brands } = this.#catalog;
    if (this.categoryEvents.length < categories.length) {
      this.categoryEvents = new Float64Array(categories.length);
      this.categoryInterest = new Float64Array(categories.length);
      this.#categoriesTouched = new Int32Array(categories.length);
    }
    if (this.brandEvents.length < brands.length) {
      this.brandEvents = new Float64Array(brands.length);
      this.#brandsTouched = new Int32Array(brands.length);
    }
  }

  #slot(row: number, timeS: number): number {
    const known = this.#slots.count;
    const slot = this.#slots.add(row);
    if (slot < known) return slot;
    this.rows[slot] = row;
    this.lastS[slot] = timeS;
    return slot;
  }

  #addGroups(row: number, interest: number): void {
    this.interestTotal += interest;
    const category = this.#catalog.categoryCodes[row]!;
    if (category >= 0) {
      if (this.categoryEvents[category] === 0) this.#categoriesTouched[this.#categoryCount++] = category;
      this.categoryEvents[category] = this.categoryEvents[category]! + 1;
      this.categoryInterest[category] = this.categoryInterest[category]! + interest;
    }
    const brand = this.#catalog.brandCodes[row]!;
    if (brand >= 0) {
      if (this.brandEvents[brand] === 0) this.#brandsTouched[this.#brandCount++] = brand;
      this.brandEvents[brand] = this.brandEvents[brand]! + 1;
    }
  }

  #reset(): void {
    for (let i = 0; i < this.#categoryCount; i++) {
      this.categoryEvents[this.#categoriesTouched[i]!] = 0;
      this.categoryInterest[this.#categoriesTouched[i]!] = 0;
    }
    for (let i = 0; i < this.#brandCount; i++) this.brandEvents[this.#brandsTouched[i]!] = 0;
    this.#categoryCount = 0;
    this.#brandCount = 0;
    this.#makeRoomForCodes();
    const used = this.itemCount;
    for (const array of [
      this.baskets,
      this.basketsRecent,
      this.baskets7,
      this.baskets30,
      this.baskets180,
      this.interest1,
      this.interest30,
      this.views,
      this.carts,
      this.lastBasketS,
      this.firstBasketS,
    ])
      array.fill(0, 0, used);
    this.inSession.fill(0, 0, used);
    this.typeCounts.fill(0);
    this.#slots.reset();
    this.events = 0;
    this.interestTotal = 0;
    this.basketCount = 0;
    this.basketLines = 0;
    this.repeatLines = 0;
    this.basketCount30 = 0;
    this.firstBasketOfUserS = 0;
    this.lastBasketOfUserS = 0;
    this.firstEventS = 0;
    this.lastEventS = 0;
    this.sessionEvents = 0;
    this.sessionStartS = 0;
    this.logPriceMean = 0;
    this.logPriceDeviation = 0;
  }
}
