import type { Pool } from 'pg';
import type { Stores, TransactionalStores } from '../stores.ts';
import { PostgresEventStore } from './event-store.ts';
import { PostgresImportProgressStore } from './import-progress-store.ts';
import { PostgresImpressionStore } from './impression-store.ts';
import { PostgresItemStore } from './item-store.ts';
import { PostgresProfileStore } from './profile-store.ts';
import { poolSession, transactionSession, type Session } from './session.ts';

function storesOn(session: Session): Stores {
  return {
    items: new PostgresItemStore(session),
    events: new PostgresEventStore(session),
    impressions: new PostgresImpressionStore(session),
    profiles: new PostgresProfileStore(session),
    importProgress: new PostgresImportProgressStore(session),
  };
}

/** The stores of one dataset in a migrated PostgreSQL database. */
export function postgresStores(pool: Pool): TransactionalStores {
  const session = poolSession(pool);
  return {
    ...storesOn(session),
    async clear() {
      await pool.query('TRUNCATE items, events, impressions, import_progress RESTART IDENTITY');
    },
    transaction: (work) => session.transaction((client) => work(storesOn(transactionSession(client)))),
  };
}
