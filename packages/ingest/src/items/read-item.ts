import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { IncomingItem, IncomingItemPatch } from '@shortlist/core/contracts/ingest.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import type { ItemPatch, NewItem } from '@shortlist/core/stores/item-store.ts';

/** An item as its sender describes it, with what is left out filled in. Throws `field_invalid`. */
export function toNewItem(item: IncomingItem, nowS: number): NewItem {
  return {
    itemId: item.item_id,
    title: item.title,
    category: item.category ?? '',
    brand: item.brand ?? '',
    price: item.price ?? 0,
    available: item.available ?? true,
    createdAtS: item.created_at === undefined ? nowS : timeOf(item.created_at),
    attributes: item.attributes ?? {},
    ...(item.stock === undefined ? {} : { stock: item.stock }),
    ...(item.hidden === undefined ? {} : { hidden: item.hidden }),
    ...(item.version === undefined ? {} : { sourceVersion: item.version }),
  };
}

export function toItemPatch(itemId: string, { version, ...fields }: IncomingItemPatch): ItemPatch {
  return { itemId, ...fields, ...(version === undefined ? {} : { sourceVersion: version }) };
}

function timeOf(timestamp: string | number): number {
  const timeS = parseTimestamp(timestamp);
  if (!Number.isNaN(timeS)) return timeS;
  const reason = 'is neither ISO-8601 nor a number of seconds or milliseconds';
  throw new ShortlistError('field_invalid', { field: 'created_at', reason });
}
