import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { affinity, appeal, cartProbability, clickProbability, examined, purchaseProbability } from './choice.ts';
import type { Calibration } from './choice.ts';
import type { ItemTable } from './item-table.ts';
import type { Random } from './random.ts';
import type { ShopperTable } from './shoppers.ts';

/** Seconds between what a shopper does and what they do next. */
const GAP_S = { click: 4, cart: 20, purchase: 40 } as const;

/** What a shopper did with one item of a slate. */
export interface Reaction {
  readonly row: number;
  /** 1-based. */
  readonly position: number;
  /** contracts/events.ts: click, add_to_cart or purchase. */
  readonly type: number;
  /** Seconds after the slate was shown. */
  readonly afterS: number;
}

/**
 * What shoppers of the demo shop do with a slate that somebody else chose: they look at position p with the chance
 * `examined(p)`, click on what appeals to them, and put into the cart and buy what they like. The same choice model made the
 * shop's history, so a slate that is better by the oracle earns more here.
 */
export class Reactions {
  readonly #items: ItemTable;
  readonly #shoppers: ShopperTable;
  readonly #calibration: Calibration;

  constructor(items: ItemTable, shoppers: ShopperTable, calibration: Calibration) {
    this.#items = items;
    this.#shoppers = shoppers;
    this.#calibration = calibration;
  }

  /** Reactions of shopper number `user` to the items in `rows`, first position first (-1: of another shop), at `atS` (unix seconds), in time order. */
  to(rows: ArrayLike<number>, user: number, atS: number, random: Random): Reaction[] {
    const reactions: Reaction[] = [];
    let afterS = 0;
    const happens = (row: number, position: number, type: number, gapS: number) => {
      afterS += gapS * (0.5 + random.uniform());
      reactions.push({ row, position, type, afterS });
    };
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (row < 0) continue;
      const looks = random.chance(examined(i + 1));
      const interest = appeal(this.#items, this.#shoppers, user, row, atS);
      const clicks = random.chance(clickProbability(interest, this.#calibration));
      if (!looks || !clicks) continue;
      happens(row, i + 1, EVENT_CODE.click, GAP_S.click);
      const liking = affinity(this.#items, this.#shoppers, user, row);
      if (!random.chance(cartProbability(liking, this.#calibration))) continue;
      happens(row, i + 1, EVENT_CODE.add_to_cart, GAP_S.cart);
      if (random.chance(purchaseProbability(liking, this.#calibration)))
        happens(row, i + 1, EVENT_CODE.purchase, GAP_S.purchase);
    }
    return reactions;
  }
}
