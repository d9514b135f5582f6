import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import { slatesPayload } from '@shortlist/core/stores/log-payloads.ts';
import { createPool } from '@shortlist/core/stores/postgres/connection.ts';
import { ConsumerOffsets } from '@shortlist/core/stores/postgres/consumer-offsets.ts';
import { Lease } from '@shortlist/core/stores/postgres/leases.ts';
import { PostgresLogTail } from '@shortlist/core/stores/postgres/log-tail.ts';
import { transactionSession } from '@shortlist/core/stores/postgres/session.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { CountersConsumer } from '@shortlist/ingest/aggregator/counters-consumer.ts';
import { rebuildCounters } from '@shortlist/ingest/aggregator/rebuild-counters.ts';
import { WHOLE } from '@shortlist/ingest/aggregator/shard.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { seededEvents } from './seeded-events.ts';
import { differences } from './test-aggregator.ts';

const DAY_S = 86_400;
const LAST_DAY_S = Date.UTC(2026, 10, 20) / 1000;
const DAYS = 5;

let workspace: TemporaryWorkspace;
let database: Database;
let lane: LogLane;

beforeAll(() => {
  workspace = temporaryWorkspace();
});
afterAll(() => workspace.remove());
afterEach(async () => {
  await lane.close();
  await database.close();
});

/** Five days of 400 events and 12 slates each. */
async function open(dataset: string) {
  database = await openDatabase(workspace.environment, dataset, { connectionsMax: 6 });
  const stores = postgresStores(database.pool);
  lane = await stores.log.openLane();
  const slate = (id: string, timeS: number) => ({
    requestId: id,
    userId: `user ${id.length % 30}`,
    sessionId: null,
    occurredAtS: timeS,
    surface: 'home',
    device: 'mobile',
    category: '',
    itemIds: ['item 1', 'item 2', `item ${id.length}`],
    propensities: Float32Array.of(1, 1, 1),
  });
  for (let day = 0; day < DAYS; day++) {
    const noonS = LAST_DAY_S - day * DAY_S + DAY_S / 2;
    const events = seededEvents({ count: 400, seed: 40 + day, aroundS: noonS }).map((event) => ({
      ...event,
      eventId: `${day} ${event.eventId}`,
    }));
    await lane.append(events);
    await stores.impressions.append(
      Array.from({ length: 12 }, (_, i) => slate(`${'x'.repeat(i + 1)} ${day}`, noonS + i)),
    );
  }
  return { slate, pool: database.pool };
}

class Killed extends Error {}

/** Recounts in transactions of about 500 events, and ends before the n-th transaction of it commits. */
async function recountKilledAt(commits: number): Promise<{ readonly done: readonly number[] }> {
  const own = createPool(database.url, { connectionsMax: 1, applicationName: 'recount' });
  const client = await own.connect();
  const done: number[] = [];
  let left = commits;
  try {
    // The server takes a moment to notice that the one before has ended.
    const lease = await vi.waitUntil(() => Lease.tryTake(client, 'aggregator', 'recount'), { timeout: 20_000 });
    const consumer = new CountersConsumer({
      client,
      shard: WHOLE,
      tail: new PostgresLogTail(transactionSession(client)),
      offsets: new ConsumerOffsets('counters', lease.epoch),
      recountEvents: 500,
      onRecompute: (events) => done.push(events),
      onStep(name) {
        if (name === 'counters:commit' && --left === 0) throw new Killed();
      },
    });
    await consumer.recompute().catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
  } finally {
    client.release(true);
    await own.end();
  }
  return { done };
}

const rebuild = async () => {
  const done: number[] = [];
  const progress = (events: number) => void done.push(events);
  await rebuildCounters({
    databaseUrl: database.url,
    pool: database.pool,
    shard: WHOLE,
    progress,
    onDelegated: vi.fn(),
  });
  return done;
};

const kept = async () =>
  (await database.pool.query<{ events: number }>('SELECT events::int FROM recounts')).rows.map(({ events }) => events);

describe('a recount that is interrupted (real PostgreSQL)', () => {
  it('goes on where it was, and comes to what one at once comes to', async () => {
    await open('interrupted');
    await rebuild();
    expect(await differences(database.pool)).toEqual([]);
    const whole = (await rebuild()).at(-1)!;
    await recountKilledAt(3);
    const [events] = await kept();
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThan(whole);
    expect(await differences(database.pool)).toEqual([expect.stringContaining('being recounted')]);
    const after = await rebuild();
    expect(after[0]).toBeGreaterThan(events!);
    expect(after.at(-1)).toBe(whole);
    expect(await kept()).toEqual([]);
    expect(await differences(database.pool)).toEqual([]);
  });

  it.each([1, 2, 3, 4])('counts what came and went meanwhile once, killed before commit %i', async (commits) => {
    const { slate, pool } = await open(`meanwhile${commits}`);
    await recountKilledAt(commits);
    // Late events of every day, slates, a session that becomes a user, a shopper who leaves, events that are new again.
    for (let day = 0; day < DAYS; day++) {
      const noonS = LAST_DAY_S - day * DAY_S + DAY_S / 2;
      const late = seededEvents({ count: 100, seed: 70 + day, aroundS: noonS });
      await lane.append(late.map((event) => ({ ...event, eventId: `late ${day} ${event.eventId}` })));
      await lane.append(late.map((event) => ({ ...event, eventId: `late ${day} ${event.eventId}` })));
      const slates = [slate(`late ${day}`, noonS)];
      await lane.write(async (inTurn, tell) => {
        await inTurn.impressions.append(slates);
        tell({ kind: LOG_KIND.slates, payload: slatesPayload(slates) });
      });
    }
    await recountKilledAt(2);
    await lane.write(async (inTurn, tell) => {
      const { retractions } = await inTurn.users.erase('user 3');
      for (const payload of retractions) tell({ kind: LOG_KIND.retract, payload });
      const { payload } = await inTurn.users.merge('session 4', 'user 5');
      tell({ kind: LOG_KIND.merge, payload });
    });
    await recountKilledAt(2);
    await rebuild();
    expect(await differences(pool)).toEqual([]);
    expect((await pool.query('SELECT FROM recounted_items')).rowCount).toBe(0);
  });

  it('begins anew when the log says that everything may have changed', async () => {
    const { pool } = await open('reset');
    await recountKilledAt(3);
    const [before] = await kept();
    await pool.query('DELETE FROM events WHERE type = 1 AND occurred_at < to_timestamp($1)', [LAST_DAY_S]);
    await lane.write(async (_, tell) => {
      await Promise.resolve();
      tell({ kind: LOG_KIND.reset, payload: { reason: 'test' } });
    });
    const done = await rebuild();
    expect(done[0]).toBeLessThan(before!);
    expect(await differences(pool)).toEqual([]);
  });
});
