import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { searchCatalog, type CatalogQuery } from '../../src/catalog/search-catalog.ts';
import { itemsToArrow } from '../../src/catalog/write-items.ts';

const SHOP: readonly [title: string, category: string, brand: string, price: number][] = [
  ['Red mug', 'kitchen', 'Potter', 8],
  ['Mugs, red, set of six', 'kitchen', 'Potter', 30],
  ['Blue Café table', 'garden', 'Oak & Co', 120],
  ['Red garden chair', 'garden', '', 60],
  ['Redwood bench', '', 'Oak & Co', 200],
];
const catalog = Catalog.fromArrow(
  itemsToArrow(
    SHOP.map(([title, category, brand, price], row) => ({
      itemId: `p${row}`,
      title,
      category,
      brand,
      price,
      createdAtS: 0,
      available: true,
    })),
  ),
);
const search = (query: Partial<CatalogQuery>) => searchCatalog(catalog, { page: 1, pageSize: 10, ...query });

describe('catalogue search', () => {
  it('finds items that have every word, whole words before beginnings, then by row', () => {
    expect(search({ search: 'red' })).toEqual({ rows: [0, 1, 3, 4], total: 4 });
    expect(search({ search: 'mug red' }).rows).toEqual([0, 1]);
    expect(search({ search: 'MUG' }).rows).toEqual([0, 1]);
    expect(search({ search: 'red table' }).rows).toEqual([]);
  });

  it('looks at brand and category too, and not at accents', () => {
    expect(search({ search: 'oak' }).rows).toEqual([2, 4]);
    expect(search({ search: 'garden' }).rows).toEqual([2, 3]);
    expect(search({ search: 'cafe' }).rows).toEqual([2]);
  });

  it('finds nothing by signs alone, and everything without words', () => {
    expect(search({ search: '&' })).toEqual({ rows: [], total: 0 });
    expect(search({}).rows).toEqual([0, 1, 2, 3, 4]);
    expect(search({ search: '  ' }).total).toBe(5);
  });

  it('keeps to category, brand and price band', () => {
    expect(search({ category: 'garden' }).rows).toEqual([2, 3]);
    expect(search({ brand: 'Oak & Co', minPrice: 150 }).rows).toEqual([4]);
    expect(search({ minPrice: 60, maxPrice: 120 }).rows).toEqual([2, 3]);
    expect(search({ search: 'red', category: 'kitchen' }).rows).toEqual([0, 1]);
  });

  it('knows no category by an unknown or empty name', () => {
    expect(search({ category: 'cars' }).total).toBe(0);
    expect(search({ category: '' }).total).toBe(0);
    expect(search({ brand: '__proto__' }).total).toBe(0);
  });

  it('cuts pages that together are the whole', () => {
    const pages = [1, 2, 3].map((page) => search({ page, pageSize: 2 }));
    expect(pages.map(({ rows }) => rows)).toEqual([[0, 1], [2, 3], [4]]);
    expect(pages.every(({ total }) => total === 5)).toBe(true);
    expect(search({ page: 99 })).toEqual({ rows: [], total: 5 });
  });
});
