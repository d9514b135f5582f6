import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { EVENT_CODE, EVENT_WEIGHT } from '@shortlist/core/contracts/events.ts';
import { itemRow } from './catalogue.ts';
import {
  affinity,
  appeal,
  cartProbability,
  clickProbability,
  purchaseProbability,
  type Calibration,
} from './choice.ts';
import { readDescription } from './description.ts';
import { ItemTable } from './item-table.ts';
import type { GeneratorParameters } from './parameters.ts';
import { ShopperTable, userIndex } from './shoppers.ts';

const VIEW = EVENT_WEIGHT[EVENT_CODE.view]!;
const CART = EVENT_WEIGHT[EVENT_CODE.add_to_cart]!;
const PURCHASE = EVENT_WEIGHT[EVENT_CODE.purchase]!;

/**
 * What an item is truly worth to a known shopper of the demo shop at a time: the event weight (view 1, cart 3, purchase 5)
 * that the generator's own choice model expects from showing it on the first position. 0 for what is not on sale then.
 *
 * It knows tastes, prices, fame, novelty and season. It does not know habits: that shoppers sometimes return to what they
 * looked at last (visit.ts) is a matter of history, not of preference.
 */
export class Oracle {
  readonly items: ItemTable;
  readonly shoppers: ShopperTable;
  private readonly calibration: Calibration;

  constructor(items: ItemTable, shoppers: ShopperTable, calibration: Calibration) {
    this.items = items;
    this.shoppers = shoppers;
    this.calibration = calibration;
  }

  /** Does the oracle know this id? It knows items and signed-in shoppers, not sessions. */
  knowsUser(userId: string): boolean {
    return userIndex(userId, this.shoppers.known) >= 0;
  }

  /** True value of (shopper, item, time); unix seconds. Throws `user_not_found` or `item_not_found`. */
  preference(userId: string, itemId: string, atS: number): number {
    const user = userIndex(userId, this.shoppers.known);
    if (user < 0) throw new ShortlistError('user_not_found', { userId });
    const row = itemRow(itemId, this.items.count);
    if (row < 0) throw new ShortlistError('item_not_found', { itemId });
    return this.value(user, row, atS);
  }

  /** The same for every item of the shop: Float64Array [items], for the best slate there could have been. */
  preferences(userId: string, atS: number): Float64Array {
    const user = userIndex(userId, this.shoppers.known);
    if (user < 0) throw new ShortlistError('user_not_found', { userId });
    return Float64Array.from({ length: this.items.count }, (_, row) => this.value(user, row, atS));
  }

  private value(user: number, row: number, atS: number): number {
    const { items, shoppers, calibration } = this;
    if (!items.onSale(row, atS)) return 0;
    const liking = affinity(items, shoppers, user, row);
    const click = clickProbability(appeal(items, shoppers, user, row, atS), calibration);
    const cart = cartProbability(liking, calibration);
    return click * (VIEW + cart * (CART + purchaseProbability(liking, calibration) * PURCHASE));
  }
}

/** The oracle of the shop with these parameters. */
const oracleFor = (parameters: GeneratorParameters, calibration: Calibration): Oracle =>
  new Oracle(new ItemTable(parameters), new ShopperTable(parameters), calibration);

/** The oracle of the shop that a `generator.json` describes. Throws `oracle_unusable`. */
export async function loadOracle(generatorJsonPath: string): Promise<Oracle> {
  const { parameters, calibration } = await readDescription(generatorJsonPath);
  return oracleFor(parameters, calibration);
}
