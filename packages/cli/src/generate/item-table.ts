import { BRAND_DIM, itemAt, Latent, STYLE_DIM } from './catalogue.ts';
import type { GeneratorParameters } from './parameters.ts';
import { Random } from './random.ts';
import { CATEGORIES } from './vocabulary.ts';

/**
 * The numbers of every item in flat arrays: 88 bytes an item, 88 MB for 1,000,000. It is the only thing of the generator
 * that grows with the catalogue; titles and records are computed again when they are written.
 */
export class ItemTable {
  readonly count: number;
  readonly category: Uint8Array;
  readonly price: Float32Array;
  readonly priceZ: Float32Array;
  readonly popularity: Float32Array;
  readonly createdS: Float64Array;
  readonly soldOutS: Float64Array;
  /** [count, STYLE_DIM] */
  readonly style: Float32Array;
  /** Index into `brandVectors`. */
  readonly brand: Uint16Array;
  /** [categories * 64, BRAND_DIM] */
  readonly brandVectors: Float32Array;
  /** Per category its rows, most popular first, and a sampler of rows by popularity. */
  readonly shelves: readonly CategoryShelf[];

  constructor(parameters: GeneratorParameters) {
    const { items } = parameters;
    this.count = items;
    this.category = new Uint8Array(items);
    this.price = new Float32Array(items);
    this.priceZ = new Float32Array(items);
    this.popularity = new Float32Array(items);
    this.createdS = new Float64Array(items);
    this.soldOutS = new Float64Array(items);
    this.style = new Float32Array(items * STYLE_DIM);
    this.brand = new Uint16Array(items);
    this.brandVectors = new Float32Array(CATEGORIES.length * 64 * BRAND_DIM);
    const latent = new Latent(parameters.seed);
    const random = new Random(parameters.seed, 'item');
    const counts = new Int32Array(CATEGORIES.length);
    for (let row = 0; row < items; row++) {
      const item = itemAt(parameters, latent, row, random);
      this.category[row] = item.category;
      this.price[row] = item.price;
      this.priceZ[row] = item.priceZ;
      this.popularity[row] = item.popularity;
      this.createdS[row] = item.createdS;
      this.soldOutS[row] = item.soldOutS;
      this.style.set(item.style, row * STYLE_DIM);
      this.brand[row] = item.category * 64 + item.brand;
      counts[item.category]!++;
    }
    CATEGORIES.forEach(({ brands }, category) => {
      brands.forEach((_, brand) =>
        this.brandVectors.set(latent.brand(category, brand), (category * 64 + brand) * BRAND_DIM),
      );
    });
    this.shelves = CATEGORIES.map((_, category) => new CategoryShelf(this, category, counts[category]!));
  }

  /** Can a shopper see the item at `atS`? */
  onSale(row: number, atS: number): boolean {
    return this.createdS[row]! <= atS && atS < this.soldOutS[row]!;
  }
}

/** The rows of one category: sorted by popularity, drawn by popularity in O(1) (Vose's alias method), and by age. */
export class CategoryShelf {
  readonly byPopularity: Int32Array;
  /** Rows in order of creation. */
  readonly byAge: Int32Array;
  private readonly keep: Float32Array;
  private readonly alias: Int32Array;

  constructor(table: ItemTable, category: number, count: number) {
    const rows = new Int32Array(count);
    let filled = 0;
    for (let row = 0; row < table.count; row++) if (table.category[row] === category) rows[filled++] = row;
    this.byAge = rows.slice().sort((a, b) => table.createdS[a]! - table.createdS[b]! || a - b);
    this.byPopularity = rows.sort((a, b) => table.popularity[b]! - table.popularity[a]! || a - b);
    this.keep = new Float32Array(count).fill(1);
    this.alias = Int32Array.from({ length: count }, (_, index) => index);
    this.fillAlias(table);
  }

  get count(): number {
    return this.byPopularity.length;
  }

  /** A row in proportion to its popularity. */
  draw(random: Random): number {
    const slot = random.below(this.count);
    return this.byPopularity[random.uniform() < this.keep[slot]! ? slot : this.alias[slot]!]!;
  }

  /** A row created in the `windowS` seconds before `atS`, each equally likely, or -1 when there is none. */
  drawNew(table: ItemTable, atS: number, windowS: number, random: Random): number {
    const first = this.createdBefore(table, atS - windowS);
    const last = this.createdBefore(table, atS);
    const pick = random.uniform();
    return first < last ? this.byAge[first + Math.floor(pick * (last - first))]! : -1;
  }

  private createdBefore(table: ItemTable, atS: number): number {
    let [low, high] = [0, this.byAge.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (table.createdS[this.byAge[middle]!]! <= atS) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private fillAlias(table: ItemTable): void {
    let total = 0;
    for (const row of this.byPopularity) total += table.popularity[row]!;
    const scaled = Float64Array.from(this.byPopularity, (row) => (table.popularity[row]! * this.count) / total);
    const small: number[] = [];
    const large: number[] = [];
    scaled.forEach((weight, slot) => (weight < 1 ? small : large).push(slot));
    while (small.length > 0 && large.length > 0) {
      const less = small.pop()!;
      const more = large.at(-1)!;
      this.keep[less] = scaled[less]!;
      this.alias[less] = more;
      scaled[more] = scaled[more]! + scaled[less]! - 1;
      if (scaled[more] < 1) small.push(large.pop()!);
    }
  }
}
