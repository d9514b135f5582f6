import type { Catalog } from './catalog.ts';
import { WordIndex } from './word-index.ts';

/** Which items to return, all conditions together, and which page of them. */
export interface CatalogQuery {
  /** Words that must all begin a word of title, brand or category. */
  readonly search?: string;
  readonly category?: string;
  readonly brand?: string;
  readonly minPrice?: number;
  readonly maxPrice?: number;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

/** Made at a catalogue's first search with words, about a second per million items; changes are written into it. */
const WORD_INDEXES = new WeakMap<Catalog, { readonly index: WordIndex; textVersion: number }>();

/**
 * Rows of one page of the items that match, and how many match in all: those with the most whole words first, then by
 * row; without words by row. O(matches) with words or a category, else O(items): not for the hot path.
 */
export function searchCatalog(catalog: Catalog, query: CatalogQuery): { rows: number[]; total: number } {
  const category = query.category === undefined ? undefined : catalog.categoryCode(query.category);
  const brand = query.brand === undefined ? undefined : catalog.brandCode(query.brand);
  const { minPrice = -Infinity, maxPrice = Infinity } = query;
  // Code -1 is the items without a category or brand; an unknown name matches nothing.
  if (category === -1 || brand === -1) return { rows: [], total: 0 };
  const from = (query.page - 1) * query.pageSize;
  const rows: number[] = [];
  let total = 0;
  for (const row of rowsToLookAt(catalog, query.search ?? '', category)) {
    if (category !== undefined && catalog.categoryCodes[row] !== category) continue;
    if (brand !== undefined && catalog.brandCodes[row] !== brand) continue;
    if (catalog.prices[row]! < minPrice || catalog.prices[row]! > maxPrice) continue;
    if (total >= from && rows.length < query.pageSize) rows.push(row);
    total += 1;
  }
  return { rows, total };
}

function rowsToLookAt(catalog: Catalog, search: string, category: number | undefined): Iterable<number> {
  if (search.trim() !== '') return wordIndexOf(catalog).search(search);
  return category === undefined ? rowsUpTo(catalog.count) : catalog.rowsOfCategory(category);
}

function* rowsUpTo(count: number): Iterable<number> {
  for (let row = 0; row < count; row++) yield row;
}

function wordIndexOf(catalog: Catalog): WordIndex {
  const textOf = (row: number) => `${catalog.title(row)} ${catalog.brand(row)} ${catalog.category(row)}`;
  const { textVersion } = catalog;
  const known = WORD_INDEXES.get(catalog);
  if (known === undefined) {
    const index = new WordIndex(catalog.titles.map((_, row) => textOf(row)));
    WORD_INDEXES.set(catalog, { index, textVersion });
    return index;
  }
  if (known.textVersion !== textVersion) {
    for (const row of catalog.changedTexts) known.index.set(row, textOf(row));
    known.textVersion = textVersion;
  }
  return known.index;
}
