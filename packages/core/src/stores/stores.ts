import type { EventLog } from './event-log.ts';
import type { EventStore } from './event-store.ts';
import type { ExposureStore } from './exposure-store.ts';
import type { ImportProgressStore } from './import-progress-store.ts';
import type { ImpressionStore } from './impression-store.ts';
import type { ItemStore } from './item-store.ts';
import type { LogTail } from './log-tail.ts';
import type { ProfileStore } from './profile-store.ts';
import type { RejectedStore } from './rejected-store.ts';
import type { RetentionStore } from './retention-store.ts';
import type { UserStore } from './user-store.ts';
import type { WebhookStore } from './webhook-store.ts';

/** Everything stored about one dataset. */
export interface Stores {
  readonly items: ItemStore;
  readonly events: EventStore;
  readonly impressions: ImpressionStore;
  readonly exposures: ExposureStore;
  readonly profiles: ProfileStore;
  readonly users: UserStore;
  readonly rejected: RejectedStore;
  readonly retention: RetentionStore;
  readonly webhooks: WebhookStore;
  readonly tail: LogTail;
  readonly importProgress: ImportProgressStore;
}

export interface TransactionOptions {
  /**
   * False: does not wait for the disk. If the server's machine then crashes, this transaction may be lost, but never
   * without those that followed it. For work that notes how far it came and ends with a durable one. Default true.
   */
  readonly durable?: boolean;
}

/** Stores whose changes can be made together. */
export interface TransactionalStores extends Stores {
  readonly log: EventLog;
  /** Forgets everything of the dataset. */
  clear(): Promise<void>;
  /** Runs `work` on stores whose changes are kept all (when it returns) or not at all (when it throws). */
  transaction<T>(work: (stores: Stores) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs `work` on stores that all see one unchanging state and change nothing. */
  snapshot<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
}
