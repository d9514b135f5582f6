import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { Aggregator, AggregatorOptions } from '@shortlist/ingest/aggregator/aggregator.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { repeatedAndShuffled, seededEvents } from './seeded-events.ts';
import { differences, testAggregator, untilCaughtUp } from './test-aggregator.ts';

const MIDNIGHT_S = Date.UTC(2026, 10, 20) / 1000;

let workspace: TemporaryWorkspace;
let database: Database;
const lanes: LogLane[] = [];
const running: Aggregator[] = [];

beforeAll(() => {
  workspace = temporaryWorkspace();
});
afterAll(() => workspace.remove());
afterEach(async () => {
  for (const aggregator of running.splice(0)) await aggregator.stop();
  for (const lane of lanes.splice(0)) await lane.close();
  await database.close();
});

async function open(dataset: string) {
  database = await openDatabase(workspace.environment, dataset, { connectionsMax: 12 });
  const stores = postgresStores(database.pool);
  const lane = async () => {
    const one = await stores.log.openLane();
    lanes.push(one);
    return one;
  };
  const start = (options: Partial<AggregatorOptions> = {}) => {
    const made = testAggregator({ databaseUrl: database.url, ...options });
    running.push(made.aggregator);
    made.aggregator.start();
    return made;
  };
  return { pool: database.pool, stores, lane, start };
}

async function appendAll(lane: LogLane, events: readonly NewEvent[], batch = 100): Promise<number> {
  let fresh = 0;
  for (let start = 0; start < events.length; start += batch)
    for (const one of await lane.append(events.slice(start, start + batch))) fresh += one;
  return fresh;
}

describe('stored counters (real PostgreSQL)', () => {
  it('equal the recomputation: events 1 to 5 times, shuffled, clocks a day off, across midnight, over four lanes', async () => {
    const { pool, lane, start } = await open('repeated');
    const events = seededEvents({ count: 4_000, seed: 11, aroundS: MIDNIGHT_S });
    const { errors } = start();
    const all = repeatedAndShuffled(events, 12);
    const share = Math.ceil(all.length / 4);
    const fresh = await Promise.all(
      [0, 1, 2, 3].map(async (i) => appendAll(await lane(), all.slice(i * share, (i + 1) * share), 97)),
    );
    expect(fresh.reduce((a, b) => a + b)).toBe(events.length);
    await untilCaughtUp(pool);
    expect(await differences(pool)).toEqual([]);
    expect(errors).toEqual([]);
    const { rows } = await pool.query<{ views: number }>('SELECT count(*)::int AS views FROM item_counters');
    expect(rows[0]!.views).toBe(40);
  });

  it('are found wrong by one unit, one buyer or one item', async () => {
    const { pool, lane, start } = await open('planted');
    start();
    await appendAll(await lane(), seededEvents({ count: 600, seed: 21, aroundS: MIDNIGHT_S }));
    await untilCaughtUp(pool);
    await running.splice(0)[0]!.stop();
    expect(await differences(pool)).toEqual([]);
    const plants = [
      "UPDATE item_counters SET sums[48] = sums[48] + 1 WHERE item_id = 'item 3'",
      "UPDATE item_counters SET last_purchase_s = last_purchase_s + 1e-6 WHERE item_id = 'item 3'",
      "DELETE FROM item_counters WHERE item_id = 'item 5'",
      'DELETE FROM item_buyers WHERE ctid = (SELECT ctid FROM item_buyers LIMIT 1)',
    ];
    for (const plant of plants) {
      await pool.query('CREATE TABLE kept_counters AS TABLE item_counters');
      await pool.query('CREATE TABLE kept_buyers AS TABLE item_buyers');
      await pool.query(plant);
      expect(await differences(pool), plant).toHaveLength(1);
      await pool.query('TRUNCATE item_counters, item_buyers');
      await pool.query('INSERT INTO item_counters TABLE kept_counters');
      await pool.query('INSERT INTO item_buyers TABLE kept_buyers');
      await pool.query('DROP TABLE kept_counters, kept_buyers');
    }
    expect(await differences(pool)).toEqual([]);
  });

  it('are verified together with batches that wait to be worked in', async () => {
    const { pool, lane, start } = await open('pending');
    const events = seededEvents({ count: 1_000, seed: 31, aroundS: MIDNIGHT_S });
    const one = await lane();
    start();
    await appendAll(one, events.slice(0, 500));
    await untilCaughtUp(pool);
    await running.splice(0)[0]!.stop();
    await appendAll(one, events.slice(500));
    expect(await differences(pool)).toEqual([]);
  });

  it('stay exact through merges and erasures amid traffic, also when the shopper comes back', async () => {
    const { pool, lane, stores, start } = await open('people');
    // Slates count as impressions, and go with their shopper.
    await stores.impressions.append(
      Array.from({ length: 60 }, (_, i) => ({
        requestId: `slate ${i}`,
        userId: `user ${i % 30}`,
        sessionId: null,
        occurredAtS: MIDNIGHT_S + i,
        surface: 'home',
        device: 'mobile',
        category: null,
        itemIds: [`item ${i % 40}`, `item ${(i * 3) % 40}`],
        propensities: Float32Array.of(1, 1),
      })),
    );
    const { errors } = start();
    const [traffic, people] = [await lane(), await lane()];
    const events = seededEvents({ count: 4_000, seed: 41, aroundS: MIDNIGHT_S });
    const writing = appendAll(traffic, events, 40);
    for (let i = 0; i < 20; i++) {
      await people.write(async (inTurn, tell) => {
        const { events: moved, payload } = await inTurn.users.merge(`session ${i}`, `user ${(i * 7) % 30}`);
        if (moved > 0) tell({ kind: LOG_KIND.merge, payload });
      });
      if (i % 4 === 3)
        await people.write(async (inTurn, tell) => {
          const { retractions } = await inTurn.users.erase(`user ${i}`);
          for (const payload of retractions) tell({ kind: LOG_KIND.retract, payload });
        });
      if (i % 5 === 4) await stores.users.completeErasures();
    }
    await writing;
    // They buy again what they had bought before they were erased.
    const again = events.slice(0, 400).map((event) => ({
      ...event,
      eventId: `again ${event.eventId}`,
      type: event.itemId === '' ? event.type : EVENT_CODE.purchase,
    }));
    await appendAll(traffic, again);
    await untilCaughtUp(pool);
    expect(await differences(pool)).toEqual([]);
    await untilCaughtUp(pool);
    const completed = await stores.users.completeErasures();
    expect(completed.length).toBeGreaterThan(0);
    expect(await differences(pool)).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('are computed anew after a bulk import said so, while events come in', async () => {
    const { pool, lane, stores, start } = await open('reset');
    const { errors } = start();
    const one = await lane();
    await appendAll(one, seededEvents({ count: 500, seed: 51, aroundS: MIDNIGHT_S }));
    await untilCaughtUp(pool);
    // As an import does: events without a message each, then one reset.
    await stores.events.append(seededEvents({ count: 3_000, seed: 52, aroundS: MIDNIGHT_S - 30 * 86_400 }));
    const traffic = appendAll(await lane(), seededEvents({ count: 2_000, seed: 53, aroundS: MIDNIGHT_S }), 30);
    await one.write(async (_, tell) => {
      tell({ kind: LOG_KIND.reset, payload: { reason: 'import' } });
      await Promise.resolve();
    });
    await traffic;
    await untilCaughtUp(pool);
    expect(await differences(pool)).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('are kept by several shards, each its own items', async () => {
    const { pool, lane, start } = await open('shards');
    const shards = [0, 1, 2].map((index) => ({ index, count: 3 }));
    for (const shard of shards) start({ shard });
    await appendAll(await lane(), seededEvents({ count: 2_000, seed: 61, aroundS: MIDNIGHT_S }));
    for (const { index } of shards) await untilCaughtUp(pool, `counters:${index + 1}/3`);
    for (const shard of shards) expect(await differences(pool, shard)).toEqual([]);
    const { rows } = await pool.query<{ items: number }>('SELECT count(*)::int AS items FROM item_counters');
    expect(rows[0]!.items).toBe(40);
    // Another number of shards has to wait until these are gone, and then starts from the log.
    const { errors } = start();
    await expect
      .poll(() => String((errors[0] as { error?: unknown })?.error), { timeout: 10_000 })
      .toMatch(/another sharding runs: aggregator:1\/3, /);
    for (const aggregator of running.splice(0, 3)) await aggregator.stop();
    await untilCaughtUp(pool, 'counters', 30_000);
    expect(await differences(pool)).toEqual([]);
    const consumers = await pool.query('SELECT name FROM consumers');
    expect(consumers.rows).toEqual([{ name: 'counters' }]);
  });

  it('let erasures be completed after Redis was taken away for good', async () => {
    const { pool, lane, stores, start } = await open('without-redis');
    const one = await lane();
    await appendAll(one, seededEvents({ count: 200, seed: 71, aroundS: MIDNIGHT_S }));
    await pool.query("INSERT INTO consumers (name, epoch, offsets) VALUES ('projector', 0, '{}')");
    await one.write(async (inTurn, tell) => {
      const { retractions } = await inTurn.users.erase('user 3');
      for (const payload of retractions) tell({ kind: LOG_KIND.retract, payload });
    });
    expect(await stores.users.completeErasures()).toEqual([]);
    start();
    const waiting = () => pool.query('SELECT FROM erasures WHERE completed_at IS NULL');
    await expect.poll(async () => (await waiting()).rowCount, { timeout: 20_000 }).toBe(0);
  });
});
