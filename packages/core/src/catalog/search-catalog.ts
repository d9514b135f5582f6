import type { Catalog } from './catalog.ts';

export interface CatalogQuery {
  /** Words that must all begin a word of the title, brand or category. */
  readonly search?: string;
  readonly category?: string;
  readonly minPrice?: number;
  readonly maxPrice?: number;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Rows of one page of the items that match, in row order, and how many match in all. O(items): not for the hot path. */
export function searchCatalog(catalog: Catalog, query: CatalogQuery): { rows: number[]; total: number } {
  const category = query.category === undefined ? undefined : catalog.categoryCode(query.category);
  const wanted = query.search === undefined ? [] : wordsOf(query.search);
  const from = (query.page - 1) * query.pageSize;
  const rows: number[] = [];
  let total = 0;
  for (let row = 0; row < catalog.count; row++) {
    if (category !== undefined && catalog.categoryCodes[row] !== category) continue;
    if (catalog.prices[row]! < (query.minPrice ?? -Infinity) || catalog.prices[row]! > (query.maxPrice ?? Infinity))
      continue;
    if (wanted.length > 0) {
      const words = wordsOf(`${catalog.titles[row]!} ${catalog.brand(row)} ${catalog.category(row)}`);
      if (!wanted.every((prefix) => words.some((word) => word.startsWith(prefix)))) continue;
    }
    if (total >= from && rows.length < query.pageSize) rows.push(row);
    total += 1;
  }
  return { rows, total };
}
