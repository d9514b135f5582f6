import { ArrowTable } from './arrow-table.ts';

/**
 * The items of one release as columns; an item is its row number. Rows never change while a release lives, but
 * `available` does, in place.
 */
export class Catalog {
  readonly count: number;
  readonly itemIds: readonly string[];
  readonly titles: readonly string[];
  /** Category and brand names by code; the empty name is a code like any other. */
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  readonly categoryCodes: Int16Array;
  readonly brandCodes: Int32Array;
  readonly prices: Float32Array;
  /** Unix seconds. */
  readonly createdS: Float64Array;
  /** 1 = can be served; live. */
  readonly available: Uint8Array;
  readonly #rowOfId: ReadonlyMap<string, number>;
  readonly #codeOfCategory: ReadonlyMap<string, number>;
  #rowsByCategory: Int32Array[] | undefined;

  constructor(columns: CatalogColumns) {
    this.count = columns.itemIds.length;
    this.itemIds = columns.itemIds;
    this.titles = columns.titles;
    this.prices = columns.prices;
    this.createdS = columns.createdS;
    this.available = columns.available;
    const categories = encode(columns.categories);
    const brands = encode(columns.brands);
    this.categories = categories.names;
    this.categoryCodes = Int16Array.from(categories.codes);
    this.brands = brands.names;
    this.brandCodes = brands.codes;
    this.#codeOfCategory = new Map(categories.names.map((name, code) => [name, code]));
    this.#rowOfId = new Map(columns.itemIds.map((id, row) => [id, row]));
    if (this.#rowOfId.size !== this.count) throw new Error('an item id stands twice in the catalogue');
    if (categories.names.length > 32_767) throw new Error(`${categories.names.length} categories; at most 32,767 fit`);
  }

  /** From the bytes of `items.arrow`, whose lines are in row order. */
  static fromArrow(bytes: Uint8Array): Catalog {
    const table = new ArrowTable(bytes);
    return new Catalog({
      itemIds: table.texts('item_id'),
      titles: table.texts('title'),
      categories: table.texts('category'),
      brands: table.texts('brand'),
      prices: table.numbers('price', Float32Array),
      createdS: table.numbers('created_at', Float64Array),
      available: table.flags('available'),
    });
  }

  /** Row of an item id, or -1. */
  rowOf(itemId: string): number {
    return this.#rowOfId.get(itemId) ?? -1;
  }

  /** Code of a category name, or -1. */
  categoryCode(name: string): number {
    return this.#codeOfCategory.get(name) ?? -1;
  }

  category(row: number): string {
    return this.categories[this.categoryCodes[row]!]!;
  }

  brand(row: number): string {
    return this.brands[this.brandCodes[row]!]!;
  }

  /** Rows of a category, ascending. */
  rowsOfCategory(code: number): Int32Array {
    this.#rowsByCategory ??= groupRows(this.categoryCodes, this.categories.length);
    return this.#rowsByCategory[code] ?? new Int32Array(0);
  }
}

export interface CatalogColumns {
  readonly itemIds: readonly string[];
  readonly titles: readonly string[];
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  readonly prices: Float32Array;
  readonly createdS: Float64Array;
  readonly available: Uint8Array;
}

/** Codes in order of first appearance. */
function encode(values: readonly string[]): { names: string[]; codes: Int32Array } {
  const codeOf = new Map<string, number>();
  const codes = new Int32Array(values.length);
  values.forEach((value, i) => {
    let code = codeOf.get(value);
    if (code === undefined) codeOf.set(value, (code = codeOf.size));
    codes[i] = code;
  });
  return { names: [...codeOf.keys()], codes };
}

function groupRows(codes: Int16Array, groups: number): Int32Array[] {
  const sizes = new Int32Array(groups);
  for (const code of codes) sizes[code]! += 1;
  const rows = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  codes.forEach((code, row) => (rows[code]![sizes[code]!++] = row));
  return rows;
}
