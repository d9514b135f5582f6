import type { Pool } from 'pg';
import type { Stores, TransactionalStores } from '../stores.ts';
import { PostgresEventLog } from './event-log.ts';
import { PostgresEventStore } from './event-store.ts';
import { PostgresExposureStore } from './exposure-store.ts';
import { PostgresImportProgressStore } from './import-progress-store.ts';
import { PostgresImpressionStore } from './impression-store.ts';
import { PostgresItemStore } from './item-store.ts';
import { PostgresLogTail } from './log-tail.ts';
import { PostgresProfileStore } from './profile-store.ts';
import { PostgresRejectedStore } from './rejected-store.ts';
import { PostgresRetentionStore } from './retention-store.ts';
import { poolSession, transactionSession, type Session } from './session.ts';
import { PostgresUserStore } from './user-store.ts';
import { PostgresWebhookStore } from './webhook-store.ts';

/**
 * Everything of a dataset but its name, and but for who writes and follows the log: writers' ids are never used again,
 * so that offsets stay true. Empty partitions would be looked through by every read.
 */
const CLEAR = `TRUNCATE items, events, event_keys, unit_days, impressions, exposures, slate_experiments, import_progress,
    log_batches, item_counters, item_buyers, recounts, recounted_items, users, session_users, erasures, rejected_events, webhook_receipts,
    stocked_variants, stock_levels;
  DO $do$ DECLARE partition regclass; BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'events'::regclass LOOP
      EXECUTE 'DROP TABLE ' || partition;
    END LOOP;
  END $do$`;

function storesOn(session: Session): Stores {
  return {
    items: new PostgresItemStore(session),
    events: new PostgresEventStore(session),
    impressions: new PostgresImpressionStore(session),
    exposures: new PostgresExposureStore(session),
    profiles: new PostgresProfileStore(session),
    users: new PostgresUserStore(session),
    rejected: new PostgresRejectedStore(session),
    retention: new PostgresRetentionStore(session),
    webhooks: new PostgresWebhookStore(session),
    tail: new PostgresLogTail(session),
    importProgress: new PostgresImportProgressStore(session),
  };
}

/** The stores of one dataset in a migrated PostgreSQL database. */
export function postgresStores(pool: Pool): TransactionalStores {
  const session = poolSession(pool);
  return {
    ...storesOn(session),
    log: new PostgresEventLog(pool, (client) => storesOn(transactionSession(client))),
    async clear() {
      await pool.query(CLEAR);
    },
    transaction: (work, options) =>
      session.transaction((client) => work(storesOn(transactionSession(client))), options),
    async snapshot(work) {
      const results = session.snapshot(async function* (client) {
        yield await work(storesOn(transactionSession(client)));
      });
      for await (const result of results) return result;
      throw new Error('a snapshot yields its result');
    },
  };
}
