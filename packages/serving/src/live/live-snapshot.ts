import type { LiveCounters, LiveItem } from '@shortlist/core/contracts/live.ts';
import type { ItemStore } from '@shortlist/core/stores/item-store.ts';

/** The whole live state as it stands in the truth, in batches. */
export interface LiveSnapshot {
  items(): AsyncIterable<readonly LiveItem[]>;
  counters(): AsyncIterable<LiveCounters['items']>;
}

/** Small enough that a batch holds the event loop for about a millisecond. */
const ITEMS_PER_BATCH = 500;

/** The catalogue as live entries, deleted items as ones that are not available. */
export async function* liveItems(items: ItemStore): AsyncGenerator<readonly LiveItem[]> {
  for await (const batch of items.snapshot(ITEMS_PER_BATCH))
    yield batch.map(({ itemId, version, title, category, brand, price, available, createdAtS }) => ({
      kind: 'item',
      itemId,
      version,
      title,
      category,
      brand,
      price,
      available,
      createdS: createdAtS,
    }));
}
