import type { ItemTable } from './item-table.ts';
import { Random } from './random.ts';

const SLATE_LENGTH = 10;
/** Share of positions that are filled uniformly at random, so that every item of the pool has a known chance. */
const EPSILON = 0.2;
const BEST_SELLERS = 60;
const ROTATING = 40;
const DAY_S = 86_400;

export interface Slate {
  readonly rows: readonly number[];
  /** For each position the chance of this item there, given the items above it. */
  readonly propensities: readonly number[];
}

/**
 * The demo shop's old recommender, the policy that wrote impressions.jsonl: per category a shelf of the day (best
 * sellers plus rotating stock), drawn without replacement in proportion to sqrt(popularity), mixed with EPSILON uniform.
 * So for an item with weight w left in a pool of n items with total weight W: propensity = (1 - EPSILON) w / W + EPSILON / n.
 */
export class SlatePolicy {
  private readonly items: ItemTable;
  private readonly seed: number;
  private readonly stock = new Random(0, 'shelf');
  private shelves = new Map<number, Int32Array>();
  private day = -1;

  constructor(items: ItemTable, seed: number) {
    this.items = items;
    this.seed = seed;
  }

  /** A slate of at most SLATE_LENGTH items from the shelves of `categories`, without `except`. */
  draw(categories: readonly number[], atS: number, random: Random, except = -1): Slate {
    const pool: number[] = [];
    for (const category of categories) {
      for (const row of this.shelf(category, atS)) if (row !== except) pool.push(row);
    }
    const weights = pool.map((row) => Math.sqrt(this.items.popularity[row]!));
    let total = weights.reduce((sum, weight) => sum + weight, 0);
    const rows: number[] = [];
    const propensities: number[] = [];
    for (let left = pool.length; left > 0 && rows.length < SLATE_LENGTH; left--) {
      const explores = random.chance(EPSILON);
      const pick = explores ? random.below(left) : random.weighted(weights, total, left);
      const weight = weights[pick]!;
      rows.push(pool[pick]!);
      propensities.push(((1 - EPSILON) * weight) / total + EPSILON / left);
      total -= weight;
      pool[pick] = pool[left - 1]!;
      weights[pick] = weights[left - 1]!;
    }
    return { rows, propensities };
  }

  /** What a category shows on the day of `atS`: the same for every shopper, at most 100 rows, all on sale all day. */
  private shelf(category: number, atS: number): Int32Array {
    const day = Math.floor(atS / DAY_S);
    if (day !== this.day) {
      this.shelves = new Map();
      this.day = day;
    }
    let shelf = this.shelves.get(category);
    if (shelf === undefined) {
      shelf = this.fillShelf(category, day);
      this.shelves.set(category, shelf);
    }
    return shelf;
  }

  private fillShelf(category: number, day: number): Int32Array {
    const { byPopularity, count } = this.items.shelves[category]!;
    const rows = new Set<number>();
    const add = (row: number): void => {
      if (this.items.onSale(row, day * DAY_S) && this.items.onSale(row, (day + 1) * DAY_S)) rows.add(row);
    };
    for (let rank = 0; rank < count && rows.size < BEST_SELLERS; rank++) add(byPopularity[rank]!);
    this.stock.reseed(this.seed, 'shelf', day * 16 + category);
    for (let tries = 0; count > 0 && tries < ROTATING; tries++) add(byPopularity[this.stock.below(count)]!);
    return Int32Array.from(rows);
  }
}
