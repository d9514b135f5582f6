import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { searchCatalog } from '../../src/catalog/search-catalog.ts';
import { itemsToArrow, type CatalogItem } from '../../src/catalog/write-items.ts';

const itemOf = (itemId: string, of: Partial<CatalogItem> = {}): CatalogItem => ({
  itemId,
  title: `Title ${itemId}`,
  category: 'tea',
  brand: 'oak',
  price: 5,
  createdAtS: 100,
  available: true,
  ...of,
});
const catalogOf = (items: readonly CatalogItem[], spareRows: number) =>
  Catalog.fromArrow(itemsToArrow(items), { spareRows });
const search = (catalog: Catalog, words: string) =>
  searchCatalog(catalog, { search: words, page: 1, pageSize: 50 }).rows;

const text = fc.constantFrom('', 'tea', 'mug', 'lamp', 'oak chair', 'red');
const fields = fc.record({ title: text, category: text, brand: text, price: fc.constantFrom(1, 2, 8) });

describe('a catalogue with spare rows', () => {
  it('is, after any appends and changes, the one that was written with those items from the start', () => {
    const step = fc.record({ row: fc.nat(14), fields, ask: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(fields, { minLength: 1, maxLength: 8 }),
        fc.array(step, { maxLength: 25 }),
        (first, steps) => {
          const items = first.map((of, row) => itemOf(`i${row}`, of));
          const catalog = catalogOf(items, 10);
          for (const { row, fields: of, ask } of steps) {
            // The word index is made at the first search: it must hold before and after.
            if (ask) search(catalog, 'tea');
            if (row < items.length) {
              items[row] = { ...items[row]!, ...of };
              catalog.change(row, of);
            } else if (items.length < catalog.capacity) {
              const item = itemOf(`i${items.length}`, { ...of, createdAtS: row });
              expect(catalog.append(item)).toBe(items.length);
              items.push(item);
            }
          }
          const fresh = catalogOf(items, 0);
          expect(catalog.count).toBe(fresh.count);
          for (let row = 0; row < catalog.count; row++) {
            expect(catalog.rowOf(items[row]!.itemId)).toBe(row);
            expect(catalog.title(row)).toBe(fresh.title(row));
            expect(catalog.category(row)).toBe(fresh.category(row));
            expect(catalog.brand(row)).toBe(fresh.brand(row));
            expect(catalog.prices[row]).toBe(fresh.prices[row]);
            expect(catalog.createdS[row]).toBe(fresh.createdS[row]);
            expect(catalog.available[row]).toBe(1);
          }
          for (const category of fresh.categories)
            expect([...catalog.rowsOfCategory(catalog.categoryCode(category))]).toEqual([
              ...fresh.rowsOfCategory(fresh.categoryCode(category)),
            ]);
          for (const words of ['tea', 're', 'oak ch', 'lamp red', 'nothing'])
            expect(search(catalog, words)).toEqual(search(fresh, words));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('refuses one item more than it has room for, and one that it has', () => {
    const catalog = catalogOf([itemOf('a')], 1);
    expect(catalog.append(itemOf('b'))).toBe(1);
    expect(catalog.append(itemOf('c'))).toBe(-1);
    expect(catalog.count).toBe(2);
    expect(catalog.rowOf('c')).toBe(-1);
    expect(() => catalogOf([itemOf('a')], 1).append(itemOf('a'))).toThrow('already');
  });

  it('keeps the numbers of known categories when new ones come', () => {
    const catalog = catalogOf([itemOf('a', { category: 'tea' }), itemOf('b', { category: 'mug' })], 2);
    const tea = catalog.categoryCode('tea');
    catalog.append(itemOf('c', { category: 'art' }));
    expect(catalog.categoryCode('tea')).toBe(tea);
    expect(catalog.categories).toEqual(['mug', 'tea', 'art']);
    expect([...catalog.rowsOfCategory(2)]).toEqual([2]);
  });
});
