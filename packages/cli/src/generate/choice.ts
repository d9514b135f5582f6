import { BRAND_DIM, STYLE_DIM } from './catalogue.ts';
import type { ItemTable } from './item-table.ts';
import { seasonFactor } from './season.ts';
import type { ShopperTable } from './shoppers.ts';
import { CATEGORIES } from './vocabulary.ts';

/**
 * How a shopper of the demo decides. The oracle reads the same functions, so "true preference" means exactly what made
 * the events:
 *
 *   affinity   = style match + brand match - price mismatch          (what this shopper thinks of this item)
 *   click      = sigmoid(0.8 * (affinity + intent + fame + novelty + season) + clickBias)   once a position is looked at
 *   cart       = sigmoid(0.7 * affinity + cartBias)                  after a view
 *   purchase   = sigmoid(0.5 * affinity + purchaseBias)              after a cart
 *
 * The biases are calibrated once per shop (calibrate.ts) and stored in generator.json.
 */
export interface Calibration {
  readonly clickBias: number;
  readonly cartBias: number;
  readonly purchaseBias: number;
}

const STYLE_WEIGHT = 1.3 / Math.sqrt(STYLE_DIM);
const BRAND_WEIGHT = 1.2 / Math.sqrt(BRAND_DIM);
const FAME_WEIGHT = 0.25;
const NOVELTY_WEIGHT = 0.6;
const NOVELTY_S = 14 * 86_400;
export const CLICK_SCALE = 0.8;
export const CART_SCALE = 0.7;
export const PURCHASE_SCALE = 0.5;

/** Share of shoppers who look at position p (1-based) at all: (1/p)^0.8, the position bias of every slate. */
export const examined = (position: number): number => position ** -0.8;

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** What a shopper thinks of an item, whenever and wherever it is shown; mean about 0, spread about 1.9. */
export function affinity(items: ItemTable, shoppers: ShopperTable, user: number, row: number): number {
  let style = 0;
  for (let axis = 0; axis < STYLE_DIM; axis++) {
    style += shoppers.style[user * STYLE_DIM + axis]! * items.style[row * STYLE_DIM + axis]!;
  }
  let brand = 0;
  const brandStart = items.brand[row]! * BRAND_DIM;
  for (let axis = 0; axis < BRAND_DIM; axis++) {
    brand += shoppers.brandTaste[user * BRAND_DIM + axis]! * items.brandVectors[brandStart + axis]!;
  }
  const mismatch = items.priceZ[row]! - shoppers.pricePoint[user]!;
  const price = 0.5 * shoppers.priceSensitivity[user]! * Math.min(9, mismatch * mismatch);
  return STYLE_WEIGHT * style + BRAND_WEIGHT * brand - price;
}

/** Extra interest in an item that has just appeared; fades over two weeks. */
export const novelty = (items: ItemTable, row: number, atS: number): number =>
  NOVELTY_WEIGHT * Math.exp(-Math.max(0, atS - items.createdS[row]!) / NOVELTY_S);

/** Everything that decides a click on a slate, before scale and bias. */
export function appeal(items: ItemTable, shoppers: ShopperTable, user: number, row: number, atS: number): number {
  const category = items.category[row]!;
  const intent = Math.log(shoppers.intents[user * CATEGORIES.length + category]! * CATEGORIES.length);
  const fame = FAME_WEIGHT * Math.log(items.popularity[row]!);
  const season = Math.log(seasonFactor(category, atS));
  return affinity(items, shoppers, user, row) + intent + fame + novelty(items, row, atS) + season;
}

export const clickProbability = (appeal: number, calibration: Calibration): number =>
  sigmoid(CLICK_SCALE * appeal + calibration.clickBias);

export const cartProbability = (affinity: number, calibration: Calibration): number =>
  sigmoid(CART_SCALE * affinity + calibration.cartBias);

export const purchaseProbability = (affinity: number, calibration: Calibration): number =>
  sigmoid(PURCHASE_SCALE * affinity + calibration.purchaseBias);
