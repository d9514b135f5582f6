import { ArrowColumns } from './arrow-columns.ts';
import { Codebook } from './codebook.ts';
import { RowLists } from './row-lists.ts';
import type { CatalogItem } from './write-items.ts';

/** Told of a row that has been appended or has got another category; `before` is its former category code, -1 for none. */
export type PlacementListener = (row: number, before: number) => void;

/** What of an item can change while its release serves. */
export type ItemChange = Pick<CatalogItem, 'title' | 'category' | 'brand' | 'price'>;

/**
 * The columnar item table of one release: external id <-> row number, and what an item is by row.
 *
 * A pod loads it with spare rows, [count, capacity), for items that are new since the release: arrays are of capacity
 * from the start, so that whatever has wrapped them (tensors, scratch of sources) sees new rows without being told. Rows
 * are appended, never moved or removed. Codes number the distinct values in ascending order, those of later items after
 * them; -1 stands for none.
 */
export class Catalog {
  /** Rows that there is room for; the arrays have this length. */
  readonly capacity: number;
  readonly itemIds: readonly string[];
  readonly titles: readonly string[];
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  /** [capacity] index into `categories`, or -1. */
  readonly categoryCodes: Int32Array;
  /** [capacity] index into `brands`, or -1. */
  readonly brandCodes: Int32Array;
  /** [capacity] */
  readonly prices: Float32Array;
  /** [capacity] unix seconds. */
  readonly createdS: Float64Array;
  /** [capacity] 1 = can be served. Changed in place as stock changes. */
  readonly available: Uint8Array;
  /** Rows whose title, brand or category is not what it was when the release was loaded, and new rows. */
  readonly changedTexts: ReadonlySet<number>;
  #textVersion = 0;
  /** A Map, so that an id such as `__proto__` is an id like any other. */
  readonly #rowOfId: Map<string, number>;
  readonly #categories: Codebook;
  readonly #brands: Codebook;
  readonly #rowsByCategory: RowLists;
  readonly #listeners: PlacementListener[] = [];

  private constructor(columns: ArrowColumns, spareRows: number) {
    const { count } = columns;
    const misplaced = columns.int32('row').findIndex((row, at) => row !== at);
    if (misplaced >= 0) throw columns.refuse(`column row is not 0, 1, 2, ... at line ${misplaced}`);
    this.capacity = count + spareRows;
    this.itemIds = columns.text('item_id');
    this.titles = columns.text('title');
    const categories = columns.text('category');
    this.#categories = new Codebook(categories);
    this.categories = this.#categories.values;
    this.categoryCodes = this.#codesOf(this.#categories, categories);
    const brands = columns.text('brand');
    this.#brands = new Codebook(brands);
    this.brands = this.#brands.values;
    this.brandCodes = this.#codesOf(this.#brands, brands);
    this.prices = this.#roomy(Float32Array, columns.scores('price'));
    this.createdS = this.#roomy(Float64Array, columns.float64('created_at'));
    this.available = this.#roomy(Uint8Array, columns.flags('available'));
    this.changedTexts = new Set();
    this.#rowOfId = new Map(this.itemIds.map((id, row) => [id, row]));
    if (this.#rowOfId.size !== count) {
      const twice = this.itemIds.find((id, row) => this.#rowOfId.get(id) !== row);
      throw columns.refuse(`item_id ${String(twice)} occurs twice`);
    }
    this.#rowsByCategory = RowLists.fromCodes(this.categoryCodes, count, this.categories.length);
  }

  /**
   * Reads items.arrow (row int32, item_id, title, category, brand utf8, price float32, created_at float64, available bool).
   * Errors: `release_file_invalid`.
   */
  static fromArrow(
    bytes: Uint8Array,
    { file = 'items.arrow', spareRows = 0 }: { file?: string; spareRows?: number } = {},
  ): Catalog {
    return new Catalog(new ArrowColumns(bytes, file), spareRows);
  }

  /** Rows in use: those of the release, then those appended since. */
  get count(): number {
    return this.itemIds.length;
  }

  /** Raised whenever `changedTexts` or a text of one of its rows changes. */
  get textVersion(): number {
    return this.#textVersion;
  }

  /** Row of an external id, or -1. */
  rowOf(itemId: string): number {
    return this.#rowOfId.get(itemId) ?? -1;
  }

  title(row: number): string {
    return this.titles[row]!;
  }

  /** Category of a row; '' when it has none. */
  category(row: number): string {
    return this.categories[this.categoryCodes[row]!] ?? '';
  }

  /** Brand of a row; '' when it has none. */
  brand(row: number): string {
    return this.brands[this.brandCodes[row]!] ?? '';
  }

  /** Code of a category, or -1. */
  categoryCode(category: string): number {
    return this.#categories.codeOf(category);
  }

  /** Code of a brand, or -1. */
  brandCode(brand: string): number {
    return this.#brands.codeOf(brand);
  }

  /** Rows of a category in ascending order; none for -1. Not to be written to, nor kept. */
  rowsOfCategory(code: number): Int32Array {
    return this.#rowsByCategory.of(code);
  }

  /** Adds an item that the catalogue does not have and returns its row; -1 when there is no room. */
  append(item: CatalogItem): number {
    const row = this.count;
    if (row === this.capacity) return -1;
    if (this.#rowOfId.has(item.itemId)) throw new Error(`item ${item.itemId} is in the catalogue already`);
    (this.itemIds as string[]).push(item.itemId);
    (this.titles as string[]).push(item.title);
    this.categoryCodes[row] = this.#categories.codeFor(item.category);
    this.brandCodes[row] = this.#brands.codeFor(item.brand);
    this.prices[row] = item.price;
    this.createdS[row] = item.createdAtS;
    this.available[row] = item.available ? 1 : 0;
    this.#rowOfId.set(item.itemId, row);
    this.#noteText(row);
    this.#place(row, -1);
    return row;
  }

  /** Writes what an item is now; everything but its id and time of creation can change. */
  change(row: number, item: ItemChange): void {
    this.prices[row] = item.price;
    const before = this.categoryCodes[row]!;
    const category = this.#categories.codeFor(item.category);
    const brand = this.#brands.codeFor(item.brand);
    if (category === before && brand === this.brandCodes[row] && item.title === this.titles[row]) return;
    (this.titles as string[])[row] = item.title;
    this.brandCodes[row] = brand;
    this.categoryCodes[row] = category;
    this.#noteText(row);
    if (category === before) return;
    if (before >= 0) this.#rowsByCategory.remove(before, row);
    this.#place(row, before);
  }

  /** Calls `listener` after every append and change of category, for as long as the catalogue lives. */
  onPlacement(listener: PlacementListener): void {
    this.#listeners.push(listener);
  }

  #place(row: number, before: number): void {
    const code = this.categoryCodes[row]!;
    if (code >= 0) this.#rowsByCategory.add(code, row);
    for (const listener of this.#listeners) listener(row, before);
  }

  #noteText(row: number): void {
    (this.changedTexts as Set<number>).add(row);
    this.#textVersion += 1;
  }

  #codesOf(book: Codebook, texts: readonly string[]): Int32Array {
    const codes = new Int32Array(this.capacity).fill(-1);
    texts.forEach((text, row) => (codes[row] = book.codeOf(text)));
    return codes;
  }

  /** The values in an array of capacity; the array itself where nothing is spare. */
  #roomy<T extends Float32Array | Float64Array | Uint8Array>(make: new (length: number) => T, values: T): T {
    if (values.length === this.capacity) return values;
    const wide = new make(this.capacity);
    wide.set(values);
    return wide;
  }
}
