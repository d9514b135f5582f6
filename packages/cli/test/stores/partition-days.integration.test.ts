import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextCountedDay } from '@shortlist/core/stores/postgres/counted-history.ts';
import { ensurePartitions } from '@shortlist/core/stores/postgres/partitions.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';

const workspace = temporaryWorkspace();
const DAYS = [20_000, 20_007];
const DAY_S = 86_400;

let database: Database;

beforeAll(async () => {
  const first = await openDatabase(workspace.environment, 'days');
  await ensurePartitions(first.pool, DAYS);
  // As a planner does once there are many partitions.
  await first.pool.query(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_nestloop = off', current_database());
    EXECUTE format('ALTER DATABASE %I SET enable_mergejoin = off', current_database());
    EXECUTE format('ALTER DATABASE %I SET enable_indexscan = off', current_database());
    EXECUTE format('ALTER DATABASE %I SET enable_bitmapscan = off', current_database()); END $$`);
  await first.close();
  database = await openDatabase(workspace.environment, 'days');
});

afterAll(async () => {
  await database.close();
  await workspace.remove();
});

/** pg_class is full of names that are no dates; whether it is asked before the join is the planner's choice. */
describe('days of the partitions, when the planner reads whole tables', () => {
  it('are counted', async () => {
    const client = await database.pool.connect();
    try {
      expect(await nextCountedDay(client, 0)).toBe(DAYS[0]);
      expect(await nextCountedDay(client, (DAYS[0]! + 1) * DAY_S)).toBe(DAYS[1]);
      expect(await nextCountedDay(client, (DAYS[1]! + 1) * DAY_S)).toBeUndefined();
    } finally {
      client.release();
    }
  });

  it('are streamed and kept as long as retention says', async () => {
    const { events, retention } = postgresStores(database.pool);
    const batches = [];
    for await (const batch of events.stream({ fromS: 0, beforeS: (DAYS[1]! + 1) * DAY_S })) batches.push(batch);
    expect(batches).toEqual([]);
    expect((await retention.partitions()).map(({ day }) => day)).toEqual(DAYS);
  });
});
