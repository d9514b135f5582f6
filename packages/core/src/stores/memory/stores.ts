import type { Stores, TransactionalStores } from '../stores.ts';
import { MemoryEventStore } from './event-store.ts';
import { MemoryImportProgressStore } from './import-progress-store.ts';
import { MemoryImpressionStore } from './impression-store.ts';
import { MemoryItemStore } from './item-store.ts';
import { MemoryProfileStore } from './profile-store.ts';
import { emptyState, type MemoryState } from './state.ts';

function storesOn(state: MemoryState): Stores {
  return {
    items: new MemoryItemStore(state),
    events: new MemoryEventStore(state),
    impressions: new MemoryImpressionStore(state),
    profiles: new MemoryProfileStore(state),
    importProgress: new MemoryImportProgressStore(state),
  };
}

function restore<K, V>(target: Map<K, V>, saved: Map<K, V>): void {
  target.clear();
  for (const [key, value] of saved) target.set(key, value);
}

/** The stores of one dataset in memory: for unit tests. One transaction at a time. */
export function memoryStores(): TransactionalStores {
  const state = emptyState();
  const stores = storesOn(state);
  return {
    ...stores,
    clear() {
      state.events.length = 0;
      for (const map of [state.items, state.eventIndex, state.impressions, state.importProgress]) map.clear();
      return Promise.resolve();
    },
    async transaction(work) {
      const items = new Map(state.items);
      const impressions = new Map(state.impressions);
      const importProgress = new Map(state.importProgress);
      const eventCount = state.events.length;
      try {
        return await work(stores);
      } catch (error) {
        restore(state.items, items);
        restore(state.impressions, impressions);
        restore(state.importProgress, importProgress);
        for (const { eventId } of state.events.splice(eventCount)) state.eventIndex.delete(eventId);
        throw error;
      }
    },
  };
}
