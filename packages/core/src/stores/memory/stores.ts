import type { Stores, TransactionalStores } from '../stores.ts';
import { MemoryEventLog, MemoryLogTail } from './event-log.ts';
import { MemoryEventStore } from './event-store.ts';
import { MemoryExposureStore } from './exposure-store.ts';
import { MemoryImportProgressStore } from './import-progress-store.ts';
import { MemoryImpressionStore } from './impression-store.ts';
import { MemoryItemStore } from './item-store.ts';
import { MemoryProfileStore } from './profile-store.ts';
import { MemoryRejectedStore } from './rejected-store.ts';
import { MemoryRetentionStore } from './retention-store.ts';
import { copyState, emptyState, type MemoryState } from './state.ts';
import { MemoryUserStore } from './user-store.ts';
import { MemoryWebhookStore } from './webhook-store.ts';

function storesOn(state: MemoryState): Stores {
  return {
    items: new MemoryItemStore(state),
    events: new MemoryEventStore(state),
    impressions: new MemoryImpressionStore(state),
    exposures: new MemoryExposureStore(state),
    profiles: new MemoryProfileStore(state),
    users: new MemoryUserStore(state),
    rejected: new MemoryRejectedStore(state),
    retention: new MemoryRetentionStore(state),
    webhooks: new MemoryWebhookStore(state),
    tail: new MemoryLogTail(state),
    importProgress: new MemoryImportProgressStore(state),
  };
}

/** The stores of one dataset in memory: for unit tests. Transactions take turns. */
export function memoryStores(): TransactionalStores {
  const state = emptyState();
  const stores = storesOn(state);
  let last: Promise<unknown> = Promise.resolve();
  const transaction = <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    const result = last.then(async () => {
      const saved = emptyState();
      copyState(saved, state);
      try {
        return await work(stores);
      } catch (error) {
        // Numbers that were given are not given again, as in PostgreSQL.
        const { sequences } = state;
        copyState(state, { ...saved, sequences: new Map(sequences) });
        throw error;
      }
    });
    last = result.catch(() => undefined);
    return result;
  };
  return {
    ...stores,
    log: new MemoryEventLog(state, transaction),
    clear() {
      copyState(state, { ...emptyState(), sequences: new Map(state.sequences) });
      return Promise.resolve();
    },
    transaction,
    snapshot(work) {
      const frozen = emptyState();
      copyState(frozen, state);
      return work(storesOn(frozen));
    },
  };
}
