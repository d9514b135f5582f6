import {
  Bool,
  Dictionary,
  Float64,
  Int32,
  makeVector,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
  type Vector,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { itemsToArrow, type CatalogItem } from '../../src/catalog/write-items.ts';

const itemOf = (itemId: string, given: Partial<CatalogItem> = {}): CatalogItem => ({
  itemId,
  title: `Thing ${itemId}`,
  category: 'tools',
  brand: 'Acme',
  price: 10,
  createdAtS: 1_700_000_000.25,
  available: true,
  ...given,
});
const catalogOf = (items: readonly CatalogItem[]) => Catalog.fromArrow(itemsToArrow(items));

const COLUMNS: Readonly<Record<string, () => Vector>> = {
  row: () => makeVector(Int32Array.from([0, 1])),
  item_id: () => vectorFromArray(['a', 'b'], new Utf8()),
  title: () => vectorFromArray(['A', 'B'], new Utf8()),
  category: () => vectorFromArray(['x', 'y'], new Utf8()),
  brand: () => vectorFromArray(['', ''], new Utf8()),
  price: () => makeVector(Float32Array.from([1, 2])),
  created_at: () => makeVector(Float64Array.from([1, 2])),
  available: () => vectorFromArray([true, false], new Bool()),
};
const bytesWith = (changed: Readonly<Record<string, (() => Vector) | null>>): Uint8Array => {
  const columns = Object.entries({ ...COLUMNS, ...changed }).flatMap(([name, make]) =>
    make === null ? [] : [[name, make()] as const],
  );
  return tableToIPC(new Table(Object.fromEntries(columns)), 'file');
};

describe('catalogue', () => {
  it('gives back what was written, whatever the texts', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const items = fc.uniqueArray(
      fc.record({
        itemId: text,
        title: text,
        category: text,
        brand: text,
        price: fc.float({ noNaN: true, noDefaultInfinity: true }),
        createdAtS: fc.double({ noNaN: true, noDefaultInfinity: true }),
        available: fc.boolean(),
      }),
      { selector: ({ itemId }) => itemId, minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(items, (written) => {
        const catalog = catalogOf(written);
        expect(catalog.count).toBe(written.length);
        written.forEach((item, row) => {
          expect(catalog.rowOf(item.itemId)).toBe(row);
          expect(catalog.itemIds[row]).toBe(item.itemId);
          expect(catalog.title(row)).toBe(item.title);
          expect(catalog.category(row)).toBe(item.category);
          expect(catalog.brand(row)).toBe(item.brand);
          expect(catalog.prices[row]).toBe(item.price);
          expect(catalog.createdS[row]).toBe(item.createdAtS);
          expect(catalog.available[row]).toBe(item.available ? 1 : 0);
          expect(catalog.categoryCodes[row]).toBe(catalog.categoryCode(item.category));
          expect(catalog.brandCodes[row]).toBe(catalog.brandCode(item.brand));
          if (item.category !== '') expect(catalog.rowsOfCategory(catalog.categoryCode(item.category))).toContain(row);
        });
      }),
    );
  });

  it('knows no item that is not there, also by names that every object has', () => {
    const catalog = catalogOf([itemOf('__proto__'), itemOf('a')]);
    expect(catalog.rowOf('__proto__')).toBe(0);
    expect(catalog.rowOf('constructor')).toBe(-1);
    expect(catalog.categoryCode('toString')).toBe(-1);
  });

  it('numbers categories in order and leaves items without one out', () => {
    const catalog = catalogOf([
      itemOf('1', { category: 'b' }),
      itemOf('2', { category: '' }),
      itemOf('3', { category: 'a' }),
      itemOf('4', { category: 'b' }),
    ]);
    expect(catalog.categories).toEqual(['a', 'b']);
    expect([...catalog.categoryCodes]).toEqual([1, -1, 0, 1]);
    expect([...catalog.rowsOfCategory(1)]).toEqual([0, 3]);
    expect([...catalog.rowsOfCategory(-1)]).toEqual([]);
    expect(catalog.category(1)).toBe('');
  });

  it.each([
    ['bytes that are no Arrow file', () => new TextEncoder().encode('row,item_id\n0,a\n'), 'no Arrow file'],
    ['a missing column', () => bytesWith({ brand: null }), 'column brand is missing'],
    [
      'a column of another type',
      () => bytesWith({ price: COLUMNS.created_at! }),
      'column price is Float64, not Float32',
    ],
    ['nulls', () => bytesWith({ title: () => vectorFromArray(['A', null], new Utf8()) }), 'column title has 1 nulls'],
    [
      'a number that is none',
      () => bytesWith({ price: () => makeVector(Float32Array.from([1, NaN])) }),
      'price is NaN',
    ],
    ['rows out of order', () => bytesWith({ row: () => makeVector(Int32Array.from([1, 0])) }), 'not 0, 1, 2'],
    [
      'an id that occurs twice',
      () => bytesWith({ item_id: () => vectorFromArray(['a', 'a'], new Utf8()) }),
      'item_id a occurs twice',
    ],
    ['numbers for texts', () => bytesWith({ item_id: () => vectorFromArray([1, 2], new Float64()) }), 'not Utf8'],
  ])('refuses %s, naming file and column', (_, bytes, reason) => {
    expect(() => Catalog.fromArrow(bytes())).toThrow(
      expect.objectContaining({
        code: 'release_file_invalid',
        details: { file: 'items.arrow', reason: expect.stringContaining(reason) },
      }),
    );
  });

  it('reads dictionary-encoded texts, as pyarrow writes categories', () => {
    const category = () => vectorFromArray(['x', 'x'], new Dictionary(new Utf8(), new Int32()));
    expect(Catalog.fromArrow(bytesWith({ category })).categories).toEqual(['x']);
  });

  it('refuses a file that was cut off, at any length', () => {
    const whole = bytesWith({});
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        try {
          // What is cut may be padding and footer only: then all is there. Never half a catalogue.
          expect(Catalog.fromArrow(whole.slice(0, length)).itemIds).toEqual(['a', 'b']);
        } catch (error) {
          expect(error).toMatchObject({ code: 'release_file_invalid' });
        }
      }),
    );
  });
});
