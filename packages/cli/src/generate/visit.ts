import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import {
  affinity,
  appeal,
  cartProbability,
  clickProbability,
  examined,
  novelty,
  purchaseProbability,
  type Calibration,
} from './choice.ts';
import type { ItemTable } from './item-table.ts';
import type { GeneratorParameters } from './parameters.ts';
import { Random, type Stream } from './random.ts';
import { seasonFactor } from './season.ts';
import { MEMORY, type ShopperTable } from './shoppers.ts';
import { SlatePolicy, type Slate } from './slate.ts';
import { CATEGORIES } from './vocabulary.ts';

export const DEVICES = ['mobile', 'desktop', 'app', 'tablet'] as const;
const DEVICE_SHARES = [0.42, 0.36, 0.16, 0.06];

/** Share of visits by anonymous shoppers; they are many but come rarely. */
const ANONYMOUS_VISITS = 0.15;
const HOME_SLATE = 0.75;
const PRODUCT_SLATE = 0.15;
/** After each view the shopper looks for something else with this chance. */
const BROWSE_ON = 0.74;
/** Share of steps that leave the intent of the visit. */
const DRIFT = 0.12;
const RECALL = 0.06;
const CONSIDERED = 24;
const CONSIDERED_NEW = 2;
const NEW_WINDOW_S = 14 * 86_400;
const VIEWS_MAX = 20;
const GAP_S = { view: 45, viewMax: 100, cart: 15, cartMax: 30, checkout: 25, checkoutMax: 60 } as const;
/** The longest visit, so that the last one ends inside the window. */
export const VISIT_S_MAX = VIEWS_MAX * (GAP_S.viewMax + GAP_S.cartMax + GAP_S.checkoutMax) + 60;

export interface ShownSlate extends Slate {
  readonly timeS: number;
  /** From 1 upwards. */
  readonly request: number;
  readonly user: number;
  readonly visit: number;
  readonly surface: 'home' | 'product';
  readonly device: number;
  /** -1 on the home page. */
  readonly category: number;
}

export interface ShopEvent {
  readonly timeS: number;
  readonly user: number;
  readonly visit: number;
  readonly row: number;
  /** contracts/events.ts */
  readonly type: number;
  readonly surface: 'home' | 'product' | 'category';
  readonly device: number;
  /** The slate that led here, 0 for none, and the 1-based position on it. */
  readonly request: number;
  readonly position: number;
}

/** Where a visit's happenings go, in time order within one visit. `event` answers false when no more are wanted. */
export interface VisitSink {
  slate(shown: ShownSlate): void;
  event(event: ShopEvent): boolean;
}

interface Cause {
  readonly surface: ShopEvent['surface'];
  readonly request: number;
  readonly position: number;
}
const BROWSING: Cause = { surface: 'category', request: 0, position: 0 };

/**
 * Plays visits one after another. What it keeps is one small memory per shopper; each visit's randomness is a stream of
 * its own.
 */
export class Visits {
  private readonly parameters: GeneratorParameters;
  private readonly items: ItemTable;
  private readonly shoppers: ShopperTable;
  private readonly sink: VisitSink;
  private readonly stream: Stream;
  private readonly random: Random;
  private readonly policy: SlatePolicy;
  private readonly memory: Int32Array;
  private readonly remembered: Uint32Array;
  private readonly busyUntilS: Float64Array;
  private readonly considered = new Int32Array(CONSIDERED);
  private readonly chances = new Float64Array(CONSIDERED);
  calibration: Calibration;

  // The visit being played.
  private visit = 0;
  private user = 0;
  private device = 0;
  private atS = 0;
  private views = 0;
  private requests = 0;
  private open = true;

  constructor(options: {
    parameters: GeneratorParameters;
    items: ItemTable;
    shoppers: ShopperTable;
    calibration: Calibration;
    sink: VisitSink;
    stream?: Stream;
  }) {
    this.parameters = options.parameters;
    this.items = options.items;
    this.shoppers = options.shoppers;
    this.calibration = options.calibration;
    this.sink = options.sink;
    this.stream = options.stream ?? 'visit';
    this.random = new Random(options.parameters.seed, this.stream);
    this.policy = new SlatePolicy(options.items, options.parameters.seed);
    this.memory = new Int32Array(options.shoppers.count * MEMORY).fill(-1);
    this.remembered = new Uint32Array(options.shoppers.count);
    this.busyUntilS = new Float64Array(options.shoppers.count);
  }

  /** Plays visit number `visit`, starting at `startS`. */
  play(visit: number, startS: number): void {
    this.random.reseed(this.parameters.seed, this.stream, visit);
    this.visit = visit;
    this.atS = startS;
    this.views = 0;
    this.open = true;
    this.user = this.drawShopper(startS);
    this.device = this.random.weighted(DEVICE_SHARES, 1);
    const intent = this.drawIntent();
    if (this.random.chance(HOME_SLATE)) this.showSlate('home', this.homeCategories(), -1);
    do {
      const drifts = this.random.chance(DRIFT);
      const row = this.choose(drifts ? this.drawIntent() : intent);
      if (row >= 0) this.view(row, BROWSING);
    } while (this.open && this.views < VIEWS_MAX && this.random.chance(BROWSE_ON));
    this.busyUntilS[this.user] = this.atS;
  }

  private drawShopper(startS: number): number {
    const { known, count, joinedS } = this.shoppers;
    if (count > known && this.random.chance(ANONYMOUS_VISITS)) return known + this.random.below(count - known);
    for (let tries = 0; tries < 8; tries++) {
      const user = this.shoppers.drawKnown(this.random);
      if (joinedS[user]! <= startS && this.busyUntilS[user]! <= startS) return user;
    }
    return 0; // the first shopper has been there from the start
  }

  /** A category by the shopper's interest and the season, among those that sell anything. */
  private drawIntent(): number {
    const weights = CATEGORIES.map((_, category) =>
      this.items.shelves[category]!.count === 0
        ? 0
        : this.shoppers.intents[this.user * CATEGORIES.length + category]! * seasonFactor(category, this.atS),
    );
    return this.random.weighted(
      weights,
      weights.reduce((sum, weight) => sum + weight, 0),
    );
  }

  /** What the home page is about: the categories last looked at, or three popular ones for a stranger. */
  private homeCategories(): number[] {
    const categories = new Set<number>();
    for (let back = 0; back < MEMORY && categories.size < 2; back++) {
      const row = this.recalled(back);
      if (row >= 0) categories.add(this.items.category[row]!);
    }
    const stranger = categories.size === 0;
    for (let tries = 0; stranger && tries < 20 && categories.size < 3; tries++) {
      const category = this.random.weighted(
        CATEGORIES.map(({ share }) => share),
        1,
      );
      categories.add(category);
    }
    return [...categories];
  }

  private showSlate(surface: 'home' | 'product', categories: readonly number[], except: number): void {
    const slate = this.policy.draw(categories, this.atS, this.random, except);
    if (slate.rows.length === 0) return;
    const request = ++this.requests;
    const category = surface === 'product' ? categories[0]! : -1;
    const { user, visit, device } = this;
    this.sink.slate({ ...slate, timeS: this.atS, request, user, visit, surface, device, category });
    for (const [index, row] of slate.rows.entries()) {
      const looks = this.random.chance(examined(index + 1));
      const interest = appeal(this.items, this.shoppers, user, row, this.atS);
      const clicks = this.random.chance(clickProbability(interest, this.calibration));
      if (looks && clicks && this.open && this.views < VIEWS_MAX) {
        this.view(row, { surface, request, position: index + 1 });
      }
    }
  }

  /** An item found by browsing: sometimes one known already, else the best liked of those that came up. */
  private choose(category: number): number {
    const { random, items, shoppers, user, atS } = this;
    if (random.chance(RECALL + CATEGORIES[category]!.repeatRate)) {
      const row = this.recalled(random.below(MEMORY));
      if (row >= 0 && items.onSale(row, atS)) return row;
    }
    const shelf = items.shelves[category]!;
    let count = 0;
    let total = 0;
    for (let draw = 0; draw < CONSIDERED; draw++) {
      const row = draw < CONSIDERED_NEW ? shelf.drawNew(items, atS, NEW_WINDOW_S, random) : shelf.draw(random);
      if (row < 0 || !items.onSale(row, atS)) continue;
      const liking = Math.exp(affinity(items, shoppers, user, row) + novelty(items, row, atS));
      this.considered[count] = row;
      this.chances[count++] = liking;
      total += liking;
    }
    return count === 0 ? -1 : this.considered[random.weighted(this.chances, total, count)]!;
  }

  private view(row: number, cause: Cause): void {
    const { random } = this;
    this.views++;
    this.atS += 2 + Math.min(GAP_S.viewMax - 2, random.exponential(GAP_S.view));
    if (!this.happens('view', row, cause)) return;
    this.remember(row);
    const liking = affinity(this.items, this.shoppers, this.user, row);
    if (random.chance(cartProbability(liking, this.calibration))) {
      this.atS += 1 + Math.min(GAP_S.cartMax - 1, random.exponential(GAP_S.cart));
      if (!this.happens('add_to_cart', row, cause)) return;
      if (random.chance(purchaseProbability(liking, this.calibration))) {
        this.atS += 5 + Math.min(GAP_S.checkoutMax - 5, random.exponential(GAP_S.checkout));
        if (!this.happens('purchase', row, cause)) return;
      }
    }
    if (random.chance(PRODUCT_SLATE)) this.showSlate('product', [this.items.category[row]!], row);
  }

  private happens(type: 'view' | 'add_to_cart' | 'purchase', row: number, cause: Cause): boolean {
    const { atS: timeS, user, visit, device } = this;
    this.open = this.open && this.sink.event({ timeS, user, visit, row, device, type: EVENT_CODE[type], ...cause });
    return this.open;
  }

  private remember(row: number): void {
    this.memory[this.user * MEMORY + (this.remembered[this.user]! % MEMORY)] = row;
    this.remembered[this.user]!++;
  }

  /** The item seen `back` views ago, or -1. */
  private recalled(back: number): number {
    const seen = this.remembered[this.user]!;
    return back < seen ? this.memory[this.user * MEMORY + ((seen - 1 - back) % MEMORY)]! : -1;
  }
}
