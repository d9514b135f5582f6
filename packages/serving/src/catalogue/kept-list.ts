import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { itemOf } from '../answer.ts';
import type { ItemList } from '../recommender.ts';

/** A list as it is cached: without what the catalogue knows better when it is given. */
export interface KeptList {
  readonly ids: readonly string[];
  readonly scores: readonly number[];
}

export function keptOf({ items }: ItemList): KeptList {
  return { ids: items.map(({ item_id }) => item_id), scores: items.map(({ score }) => score) };
}

/** Whether every item can still be shown: one that sold out a moment ago must not come back from a cache. */
export function isServable({ ids }: KeptList, catalog: Catalog): boolean {
  return ids.every((id) => catalog.available[catalog.rowOf(id)] === 1);
}

/** The list with the present title and price of each item. */
export function listOf({ ids, scores }: KeptList, catalog: Catalog, releaseId: string): ItemList {
  return { items: ids.map((id, i) => itemOf(catalog, catalog.rowOf(id), scores[i]!)), model_version: releaseId };
}
