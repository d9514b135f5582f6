import { makeVector, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import type { Catalog } from '../src/catalog/catalog.ts';

/** trending.arrow of a shop whose first rows sell best: 1,000 overall and 200 per category in every window. */
export function trendingBytes(catalog: Catalog): Uint8Array {
  const lists = ['7d', '30d', 'all'].flatMap((window) => [
    { window, category: '', rows: Array.from({ length: Math.min(1000, catalog.count) }, (_, i) => i) },
    ...catalog.categories.map((category, code) => ({
      window,
      category,
      rows: [...catalog.rowsOfCategory(code).subarray(0, 200)],
    })),
  ]);
  const each = <T>(of: (list: (typeof lists)[number], row: number) => T): T[] =>
    lists.flatMap((list) => list.rows.map((row) => of(list, row)));
  const table = new Table({
    window: vectorFromArray(
      each(({ window }) => window),
      new Utf8(),
    ),
    category: vectorFromArray(
      each(({ category }) => category),
      new Utf8(),
    ),
    row: makeVector(Int32Array.from(each((_, row) => row))),
    score: makeVector(Float32Array.from(each((_, row) => 1 / (1 + row)))),
  });
  return tableToIPC(table, 'file');
}
