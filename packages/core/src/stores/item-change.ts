import { isDeepStrictEqual } from 'node:util';
import type { ItemOutcome, ItemPatch, NewItem, StoredItem } from './item-store.ts';

/** What a write makes of an item. `version` is the store's to give. */
export interface ItemChange {
  readonly outcome: ItemOutcome;
  /** The item as it is to be; absent when nothing is to be written. */
  readonly next?: Omit<StoredItem, 'version'>;
}

/** A time as it is kept: to the microsecond. */
export const toMicroseconds = (timeS: number): number => Math.round(timeS * 1e6) / 1e6;

function finish(stored: StoredItem | undefined, next: Omit<StoredItem, 'version' | 'available'>): ItemChange {
  const { offered, stock, hidden, deleted } = next;
  const available = offered && (stock === null || stock > 0) && !hidden && !deleted;
  const whole = { ...next, available };
  if (stored === undefined) return { outcome: 'inserted', next: whole };
  const { version: _, ...before } = stored;
  return isDeepStrictEqual(before, whole) ? { outcome: 'unchanged' } : { outcome: 'updated', next: whole };
}

const isStale = (stored: StoredItem | undefined, sourceVersion: number | undefined): boolean =>
  stored?.sourceVersion != null && sourceVersion !== undefined && sourceVersion < stored.sourceVersion;

/** What a whole item makes of what is stored: the newest state wins, whatever the order of arrival. */
export function applyItem(stored: StoredItem | undefined, item: NewItem): ItemChange {
  if (isStale(stored, item.sourceVersion)) return { outcome: 'stale' };
  return finish(stored, {
    itemId: item.itemId,
    title: item.title,
    category: item.category,
    brand: item.brand,
    price: Math.fround(item.price),
    createdAtS: toMicroseconds(item.createdAtS),
    attributes: item.attributes,
    offered: item.available,
    stock: item.stock === undefined ? (stored?.stock ?? null) : item.stock,
    hidden: item.hidden ?? stored?.hidden ?? false,
    deleted: false,
    sourceVersion: item.sourceVersion ?? stored?.sourceVersion ?? null,
  });
}

/** What a patch makes of what is stored. */
export function applyPatch(stored: StoredItem | undefined, patch: ItemPatch): ItemChange {
  if (stored === undefined) return { outcome: 'missing' };
  if (isStale(stored, patch.sourceVersion)) return { outcome: 'stale' };
  const { itemId, createdAtS } = stored;
  return finish(stored, {
    itemId,
    createdAtS,
    title: patch.title ?? stored.title,
    category: patch.category ?? stored.category,
    brand: patch.brand ?? stored.brand,
    price: Math.fround(patch.price ?? stored.price),
    attributes: patch.attributes ?? stored.attributes,
    offered: patch.available ?? stored.offered,
    stock: patch.stock === undefined ? stored.stock : patch.stock,
    hidden: patch.hidden ?? stored.hidden,
    deleted: patch.deleted ?? stored.deleted,
    sourceVersion: patch.sourceVersion ?? stored.sourceVersion,
  });
}

/** The item as catalogues know it. */
export const toItem = (stored: StoredItem) => ({
  itemId: stored.itemId,
  title: stored.title,
  category: stored.category,
  brand: stored.brand,
  price: stored.price,
  available: stored.available,
  createdAtS: stored.createdAtS,
  attributes: stored.attributes,
});
