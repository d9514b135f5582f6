import { ArrowColumns } from './arrow-columns.ts';

const NO_ROWS = new Int32Array(0);

/**
 * The columnar item table of one release: external id <-> row number, and what an item is by row.
 *
 * Everything is fixed but `available`, which the pod changes in place as stock changes. Codes number the distinct
 * values in ascending order; -1 stands for none.
 */
export class Catalog {
  readonly count: number;
  readonly itemIds: readonly string[];
  readonly titles: readonly string[];
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  /** [n] index into `categories`, or -1. */
  readonly categoryCodes: Int32Array;
  /** [n] index into `brands`, or -1. */
  readonly brandCodes: Int32Array;
  readonly prices: Float32Array;
  /** Unix seconds. */
  readonly createdS: Float64Array;
  /** 1 = can be served. Live. */
  readonly available: Uint8Array;
  /** A Map, so that an id such as `__proto__` is an id like any other. */
  readonly #rowOfId: ReadonlyMap<string, number>;
  readonly #codeOfCategory: ReadonlyMap<string, number>;
  readonly #codeOfBrand: ReadonlyMap<string, number>;
  readonly #rowsByCategory: readonly Int32Array[];

  private constructor(columns: ArrowColumns) {
    const count = columns.count;
    const misplaced = columns.int32('row').findIndex((row, at) => row !== at);
    if (misplaced >= 0) throw columns.refuse(`column row is not 0, 1, 2, ... at line ${misplaced}`);
    this.count = count;
    this.itemIds = columns.text('item_id');
    this.titles = columns.text('title');
    const categories = encoded(columns.text('category'));
    const brands = encoded(columns.text('brand'));
    this.categories = categories.values;
    this.categoryCodes = categories.codes;
    this.#codeOfCategory = categories.codeOf;
    this.brands = brands.values;
    this.brandCodes = brands.codes;
    this.#codeOfBrand = brands.codeOf;
    this.prices = columns.scores('price');
    this.createdS = columns.float64('created_at');
    this.available = columns.flags('available');
    const rowOfId = new Map(this.itemIds.map((id, row) => [id, row]));
    if (rowOfId.size !== count) {
      const twice = this.itemIds.find((id, row) => rowOfId.get(id) !== row);
      throw columns.refuse(`item_id ${String(twice)} occurs twice`);
    }
    this.#rowOfId = rowOfId;
    this.#rowsByCategory = rowsByCode(this.categoryCodes, this.categories.length);
  }

  /**
   * Reads items.arrow (row int32, item_id, title, category, brand utf8, price float32, created_at float64, available bool).
   * Errors: `release_file_invalid`.
   */
  static fromArrow(bytes: Uint8Array, file = 'items.arrow'): Catalog {
    return new Catalog(new ArrowColumns(bytes, file));
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
    return this.#codeOfCategory.get(category) ?? -1;
  }

  /** Code of a brand, or -1. */
  brandCode(brand: string): number {
    return this.#codeOfBrand.get(brand) ?? -1;
  }

  /** Rows of a category in ascending order; none for -1. Not to be written to. */
  rowsOfCategory(code: number): Int32Array {
    return this.#rowsByCategory[code] ?? NO_ROWS;
  }
}

function encoded(texts: readonly string[]): {
  values: readonly string[];
  codes: Int32Array;
  codeOf: ReadonlyMap<string, number>;
} {
  const values = [...new Set(texts)].filter((text) => text !== '').sort();
  const codeOf = new Map(values.map((value, code) => [value, code]));
  return { values, codes: Int32Array.from(texts, (text) => codeOf.get(text) ?? -1), codeOf };
}

function rowsByCode(codes: Int32Array, codeCount: number): Int32Array[] {
  const sizes = new Int32Array(codeCount);
  for (const code of codes) if (code >= 0) sizes[code]! += 1;
  const lists = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  codes.forEach((code, row) => {
    if (code >= 0) lists[code]![sizes[code]!++] = row;
  });
  return lists;
}
