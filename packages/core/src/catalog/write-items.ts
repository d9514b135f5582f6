import { Bool, makeVector, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';

/** One item as items.arrow holds it. */
export interface CatalogItem {
  readonly itemId: string;
  readonly title: string;
  /** '' when there is none. */
  readonly category: string;
  /** '' when there is none. */
  readonly brand: string;
  readonly price: number;
  /** Unix seconds. */
  readonly createdAtS: number;
  readonly available: boolean;
}

/** items.arrow of these items, row numbers in their order: what `Catalog.fromArrow` reads. */
export function itemsToArrow(items: readonly CatalogItem[]): Uint8Array {
  const text = (of: (item: CatalogItem) => string) => vectorFromArray(items.map(of), new Utf8());
  const table = new Table({
    row: makeVector(Int32Array.from(items, (_, row) => row)),
    item_id: text((item) => item.itemId),
    title: text((item) => item.title),
    category: text((item) => item.category),
    brand: text((item) => item.brand),
    price: makeVector(Float32Array.from(items, (item) => item.price)),
    created_at: makeVector(Float64Array.from(items, (item) => item.createdAtS)),
    available: vectorFromArray(
      items.map((item) => item.available),
      new Bool(),
    ),
  });
  return tableToIPC(table, 'file');
}
