import type { Catalog } from '../catalog/catalog.ts';
import type { Pieces } from '../catalog/pieces.ts';
import { fillItemMetadata, METADATA_DIM } from '../features/item-metadata.ts';
import type { Neighbors } from './sources/neighbor-list-source.ts';
import { TopK } from './top-k.ts';

/** As many as training gives each item (content.arrow). */
export const CONTENT_NEIGHBORS = 50;
/** Items of the category that are compared; of more, evenly spaced ones. */
const COMPARED_MAX = 5_000;
/** About a millisecond's. */
const COMPARED_PER_PIECE = 256;

/**
 * The items of its own category that are most like `row` by metadata, by the cosine that training's content lists hold.
 * O(items of the category), some microseconds each; none for an item without a category.
 */
export function* contentNeighborsOf(catalog: Catalog, row: number): Pieces<Neighbors> {
  const rows = catalog.rowsOfCategory(catalog.categoryCodes[row]!).slice();
  const step = Math.max(1, rows.length / COMPARED_MAX);
  const own = metadataOf(catalog, row);
  const nearest = new TopK(CONTENT_NEIGHBORS);
  nearest.reset(CONTENT_NEIGHBORS);
  for (let i = 0, compared = 1; i < rows.length; i += step, compared++) {
    const other = rows[Math.floor(i)]!;
    if (other !== row) nearest.offer(other, cosine(own, metadataOf(catalog, other)));
    if (compared % COMPARED_PER_PIECE === 0) yield;
  }
  const found = new Int32Array(CONTENT_NEIGHBORS);
  const scores = new Float32Array(CONTENT_NEIGHBORS);
  const count = nearest.drain(found, scores);
  return { rows: found.subarray(0, count), scores: scores.subarray(0, count) };
}

function metadataOf(catalog: Catalog, row: number): Float32Array {
  const metadata = new Float32Array(METADATA_DIM);
  const fields = {
    title: catalog.title(row),
    category: catalog.category(row),
    brand: catalog.brand(row),
    price: catalog.prices[row]!,
  };
  fillItemMetadata(fields, metadata, 0);
  return metadata;
}

function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0;
  let squaresOfA = 0;
  let squaresOfB = 0;
  for (let i = 0; i < METADATA_DIM; i++) {
    product += a[i]! * b[i]!;
    squaresOfA += a[i]! ** 2;
    squaresOfB += b[i]! ** 2;
  }
  return product / Math.max(1e-12, Math.sqrt(squaresOfA * squaresOfB));
}
