import type { CatalogItem } from '../catalog/write-items.ts';
import { fillItemMetadata, METADATA_DIM, type ItemFields } from '../features/item-metadata.ts';
import type { LoadedRelease } from './loaded-release.ts';

/** Most items that go through the item tower in one call, which blocks the process: about a millisecond. */
const ITEMS_PER_CALL = 64;

type Growing = Pick<LoadedRelease, 'catalog' | 'itemTower' | 'itemVectors' | 'vectorIndex'>;

/** What `appendItems` did: rows of the new items, and how many found no room. */
export interface Appended {
  readonly rows: readonly number[];
  readonly refused: number;
}

/**
 * Puts items that the release does not have into its spare rows: catalogue, vector by the item tower, index; those that it
 * has are left as they are. Each is complete when it appears: nothing looks at the process between its steps. Item
 * features are the caller's (features/live-item-features.ts), in `rowAdded`, at the same moment.
 */
export async function appendItems(
  release: Growing,
  items: readonly CatalogItem[],
  rowAdded: (row: number) => void,
): Promise<Appended> {
  const rows: number[] = [];
  let refused = 0;
  for (let from = 0; from < items.length; from += ITEMS_PER_CALL) {
    const batch = items.slice(from, from + ITEMS_PER_CALL);
    const vectors = await vectorsOf(release, batch);
    for (const [i, item] of batch.entries()) {
      // It may have come by another way while the tower ran.
      if (release.catalog.rowOf(item.itemId) >= 0) continue;
      const row = release.catalog.append(item);
      if (row < 0) {
        refused += 1;
        continue;
      }
      if (vectors !== null) putVector(release, row, vectors, i);
      rowAdded(row);
      rows.push(row);
    }
  }
  return { rows, refused };
}

/**
 * Computes the vectors of appended rows anew, whose title, category, brand or price has changed. Those of the release's
 * own rows stay: they were learned from behaviour too.
 */
export async function refreshVectors(release: Growing, rows: readonly number[]): Promise<void> {
  const { catalog } = release;
  for (let from = 0; from < rows.length; from += ITEMS_PER_CALL) {
    const batch = rows.slice(from, from + ITEMS_PER_CALL);
    const items = batch.map((row) => ({
      title: catalog.title(row),
      category: catalog.category(row),
      brand: catalog.brand(row),
      price: catalog.prices[row]!,
    }));
    const vectors = await vectorsOf(release, items);
    if (vectors === null) return;
    for (const [i, row] of batch.entries()) copyVector(release, row, vectors, i);
  }
}

/** Null where the release makes no vectors. */
async function vectorsOf(
  { itemTower, vectorIndex }: Growing,
  items: readonly ItemFields[],
): Promise<Float32Array | null> {
  if (itemTower === null || vectorIndex === null || items.length === 0) return null;
  const metadata = new Float32Array(items.length * METADATA_DIM);
  items.forEach((item, i) => fillItemMetadata(item, metadata, i));
  return itemTower.run(metadata, items.length);
}

function putVector(release: Growing, row: number, vectors: Float32Array, i: number): void {
  const { vectorIndex } = release;
  if (vectorIndex!.count !== row) throw new Error(`row ${row} is not the index's next, ${vectorIndex!.count}`);
  copyVector(release, row, vectors, i);
  vectorIndex!.append();
}

function copyVector({ itemVectors, itemTower }: Growing, row: number, vectors: Float32Array, i: number): void {
  const { dim } = itemTower!;
  itemVectors!.set(vectors.subarray(i * dim, (i + 1) * dim), row * dim);
}
