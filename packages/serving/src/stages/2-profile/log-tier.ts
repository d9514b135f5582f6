import { bulkhead, type BulkheadPolicy } from 'cockatiel';
import type { KeyedProfileEvents, ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import type { Unit } from '../../ranking-request.ts';

export interface LogTierOptions {
  readonly store: ProfileStore;
  /** Reads at a time, and reads that wait for their turn: without Redis every request would come here. */
  readonly readsMax: number;
  readonly waitingMax: number;
}

/** L3: profiles read from the event log. What is more than PostgreSQL is asked to bear is refused at once. */
export class LogTier {
  readonly #store: ProfileStore;
  readonly #limit: BulkheadPolicy;
  #refused = 0;

  constructor({ store, readsMax, waitingMax }: LogTierOptions) {
    this.#store = store;
    this.#limit = bulkhead(readsMax, waitingMax);
    this.#limit.onReject(() => (this.#refused += 1));
  }

  /** Rejects when there are too many reads already, and as the store does. */
  read(unit: Unit, max: number): Promise<KeyedProfileEvents> {
    return this.#limit.execute(() => this.#store.recent(unit, max));
  }

  status(): { readonly refused: number } {
    return { refused: this.#refused };
  }
}
