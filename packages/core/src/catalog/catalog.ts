import { ArrowColumns } from './arrow-columns.ts';
import { Codebook } from './codebook.ts';
import { atOnce, inPieces, type Pieces } from './pieces.ts';
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

  private constructor(parts: CatalogParts) {
    this.capacity = parts.capacity;
    this.itemIds = parts.itemIds;
    this.titles = parts.titles;
    this.#categories = parts.categories.book;
    this.categories = this.#categories.values;
    this.categoryCodes = parts.categories.codes;
    this.#brands = parts.brands.book;
    this.brands = this.#brands.values;
    this.brandCodes = parts.brands.codes;
    this.prices = parts.prices;
    this.createdS = parts.createdS;
    this.available = parts.available;
    this.changedTexts = new Set();
    this.#rowOfId = parts.rowOfId;
    this.#rowsByCategory = RowLists.fromCodes(this.categoryCodes, this.count, this.categories.length);
  }

  /**
   * Reads items.arrow (row int32, item_id, title, category, brand utf8, price float32, created_at float64, available bool).
   * Errors: `release_file_invalid`.
   */
  static fromArrow(bytes: Uint8Array, options: CatalogOptions = {}): Catalog {
    return atOnce(Catalog.inPieces(bytes, options));
  }

  /** As `fromArrow`, for a pod that serves meanwhile. */
  static *inPieces(bytes: Uint8Array, { file = 'items.arrow', spareRows = 0 }: CatalogOptions = {}): Pieces<Catalog> {
    const columns = new ArrowColumns(bytes, file);
    const capacity = columns.count + spareRows;
    const misplaced = columns.int32('row').findIndex((row, at) => row !== at);
    if (misplaced >= 0) throw columns.refuse(`column row is not 0, 1, 2, ... at line ${misplaced}`);
    const itemIds = yield* columns.textInPieces('item_id');
    return new Catalog({
      capacity,
      itemIds,
      rowOfId: yield* rowsOfIds(itemIds, columns),
      titles: yield* columns.textInPieces('title'),
      categories: yield* coded(yield* columns.textInPieces('category'), capacity),
      brands: yield* coded(yield* columns.textInPieces('brand'), capacity),
      prices: roomy(Float32Array, columns.scores('price'), capacity),
      createdS: roomy(Float64Array, columns.float64('created_at'), capacity),
      available: roomy(Uint8Array, yield* columns.flagsInPieces('available'), capacity),
    });
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
}

export interface CatalogOptions {
  /** Name of the file, for messages. */
  readonly file?: string;
  /** Rows to leave free for later items. */
  readonly spareRows?: number;
}

/** What a catalogue is made of; arrays have `capacity` rows. */
interface CatalogParts {
  readonly capacity: number;
  readonly itemIds: string[];
  readonly rowOfId: Map<string, number>;
  readonly titles: string[];
  readonly categories: Coded;
  readonly brands: Coded;
  readonly prices: Float32Array;
  readonly createdS: Float64Array;
  readonly available: Uint8Array;
}

interface Coded {
  readonly book: Codebook;
  readonly codes: Int32Array;
}

/** Rows of text between two yields. */
const TEXTS_PIECE = 4096;

function* rowsOfIds(itemIds: readonly string[], columns: ArrowColumns): Pieces<Map<string, number>> {
  const rows = new Map<string, number>();
  yield* inPieces(itemIds.length, TEXTS_PIECE, (from, until) => {
    for (let row = from; row < until; row++) {
      rows.set(itemIds[row]!, row);
      if (rows.size !== row + 1) throw columns.refuse(`item_id ${itemIds[row]!} occurs twice`);
    }
  });
  return rows;
}

/** The codes of a column's texts; rows without one have none. */
function* coded(texts: readonly string[], capacity: number): Pieces<Coded> {
  const distinct = new Set<string>();
  yield* inPieces(texts.length, TEXTS_PIECE, (from, until) => {
    for (let row = from; row < until; row++) distinct.add(texts[row]!);
  });
  const book = new Codebook([...distinct]);
  const codes = new Int32Array(capacity).fill(-1);
  yield* inPieces(texts.length, TEXTS_PIECE, (from, until) => {
    for (let row = from; row < until; row++) codes[row] = book.codeOf(texts[row]!);
  });
  return { book, codes };
}

/** The values in an array of capacity; the array itself where nothing is spare. */
function roomy<T extends Float32Array | Float64Array | Uint8Array>(
  make: new (length: number) => T,
  values: T,
  capacity: number,
): T {
  if (values.length === capacity) return values;
  const wide = new make(capacity);
  wide.set(values);
  return wide;
}
