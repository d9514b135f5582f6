import { itemId, itemRow } from '../generate/catalogue.ts';
import { readDescription } from '../generate/description.ts';
import { ItemTable } from '../generate/item-table.ts';
import { Random } from '../generate/random.ts';
import { Reactions, type Reaction } from '../generate/reaction.ts';
import { TrafficCurve } from '../generate/season.ts';
import { ShopperTable, userId } from '../generate/shoppers.ts';

export interface Visit {
  /** Unix seconds. */
  readonly atS: number;
  readonly user: number;
  readonly userId: string;
}

/**
 * The shoppers of the demo shop, as many as an experiment needs: the first ones are those of the shop's history, the
 * others come from the same distribution of tastes and have no history yet.
 */
export class Population {
  readonly #seed: number;
  readonly #items: ItemTable;
  readonly #shoppers: ShopperTable;
  readonly #reactions: Reactions;
  readonly #random: Random;

  private constructor(seed: number, items: ItemTable, shoppers: ShopperTable, reactions: Reactions) {
    this.#seed = seed;
    this.#items = items;
    this.#shoppers = shoppers;
    this.#reactions = reactions;
    this.#random = new Random(seed, 'reaction');
  }

  /** `users` shoppers of the shop that a `generator.json` describes; `seed` moves their visits. Throws `oracle_unusable`. */
  static async of(generatorJsonPath: string, users: number, seed: number): Promise<Population> {
    const { parameters, calibration } = await readDescription(generatorJsonPath);
    const items = new ItemTable(parameters);
    const shoppers = new ShopperTable({ ...parameters, users, anonymousShare: 0 });
    return new Population(seed, items, shoppers, new Reactions(items, shoppers, calibration));
  }

  /** `count` visits in time order, from `fromS` on and before `untilS` (unix seconds), with the rhythm of day and week. */
  *visits(count: number, fromS: number, untilS: number): Generator<Visit> {
    const curve = new TrafficCurve(fromS, untilS);
    const random = new Random(this.#seed, 'arrival');
    for (let visit = 0; visit < count; visit++) {
      const atS = curve.timeAt(visit / count);
      const user = this.#shoppers.drawKnown(random.reseed(this.#seed, 'arrival', visit));
      yield { atS, user, userId: userId(user) };
    }
  }

  /** What the visitor does with a slate: those of its items that the shop does not know move nobody. */
  react(itemIds: readonly string[], visit: Visit, number: number): (Reaction & { readonly itemId: string })[] {
    const rows = itemIds.map((id) => itemRow(id, this.#items.count));
    const random = this.#random.reseed(this.#seed, 'reaction', number);
    return this.#reactions
      .to(rows, visit.user, visit.atS, random)
      .map((reaction) => ({ ...reaction, itemId: itemId(reaction.row) }));
  }

  /** Price of an item, as the shop's list has it. */
  priceOf(row: number): number {
    return this.#items.price[row]!;
  }
}
