import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveEntry } from '@shortlist/core/contracts/live.ts';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import { activeUnits } from '@shortlist/core/stores/postgres/active-units.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { UnitKey } from '@shortlist/core/stores/profile-store.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import type { Aggregator } from '@shortlist/ingest/aggregator/aggregator.ts';
import { rebuildCounters } from '@shortlist/ingest/aggregator/rebuild-counters.ts';
import { WHOLE } from '@shortlist/ingest/aggregator/shard.ts';
import { rebuildProfiles, unitOf } from '../../src/live-state/rebuild-profiles.ts';
import { verifyProfiles } from '../../src/live-state/verify-profiles.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { openRedis, type OpenedRedis } from '../../src/workspace/redis.ts';
import { ValkeyServer } from '../../src/workspace/valkey-server.ts';
import { seededEvents } from '../aggregator/seeded-events.ts';
import { differences, testAggregator, untilCaughtUp } from '../aggregator/test-aggregator.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

const MIDNIGHT_S = Date.UTC(2026, 10, 20) / 1000;
const EVENTS_MAX = 100;

let workspace: TemporaryWorkspace;
let database: Database;
let redis: OpenedRedis;
let stores: TransactionalStores;
let fast: FastStores;
let aggregator: Aggregator;

beforeEach(async () => {
  workspace = temporaryWorkspace();
  database = await openDatabase(workspace.environment, 'fast', { connectionsMax: 12 });
  redis = await openRedis(workspace.environment, 'fast');
  stores = postgresStores(database.pool);
  fast = redisStores(redis.connection);
  aggregator = testAggregator({ databaseUrl: database.url, fast, nowS: () => MIDNIGHT_S }).aggregator;
  aggregator.start();
});
afterEach(async () => {
  await aggregator.stop();
  await redis.close();
  await database.close();
  await workspace.remove();
});

async function append(seed: number, count: number): Promise<void> {
  const lane = await stores.log.openLane();
  const events = seededEvents({ count, seed, aroundS: MIDNIGHT_S });
  for (let at = 0; at < events.length; at += 100) await lane.append(events.slice(at, at + 100));
  await lane.close();
}

async function* allUnits(): AsyncGenerator<UnitKey> {
  const batches = activeUnits(database.pool, { after: '', fromDate: '2026-01-01', batchMax: 7 });
  for await (const units of batches) yield* units;
}

const verify = () =>
  verifyProfiles({
    units: allUnits(),
    profiles: stores.profiles,
    cache: fast.profiles,
    eventsMax: EVENTS_MAX,
    progress: () => undefined,
  });

const rebuild = (progressFile: string, progress: (done: number) => void = () => undefined) =>
  rebuildProfiles({
    pool: database.pool,
    profiles: stores.profiles,
    cache: fast.profiles,
    fromDate: '2026-01-01',
    eventsMax: EVENTS_MAX,
    progressFile,
    fresh: false,
    progress,
  });

const streamed = async (): Promise<LiveEntry[]> => {
  const stop = new AbortController();
  for await (const news of fast.live.tail('0-0', stop.signal)) {
    stop.abort();
    if (!news.missed) return news.entries.map(({ entry }) => entry);
  }
  return [];
};

describe('the fast path (real PostgreSQL and Valkey)', () => {
  it('keeps cached profiles equal to the log: rebuilt, added to, merged, erased; and a planted event is found', async () => {
    await append(1, 800);
    await untilCaughtUp(database.pool, 'projector');
    const folder = mkdtempSync(join(tmpdir(), 'shortlist-rebuild-'));
    const counts = await rebuild(join(folder, 'progress.json'));
    rmSync(folder, { recursive: true });
    expect(counts.filled).toBe(60);
    await append(2, 800);
    const lane = await stores.log.openLane();
    await lane.write(async (inTurn, tell) => {
      const { payload } = await inTurn.users.merge('session 3', 'user 4');
      tell({ kind: LOG_KIND.merge, payload });
    });
    await lane.write(async (inTurn, tell) => {
      const { retractions } = await inTurn.users.erase('user 5');
      for (const payload of retractions) tell({ kind: LOG_KIND.retract, payload });
    });
    await lane.close();
    await untilCaughtUp(database.pool, 'projector');
    const verdict = await verify();
    expect(verdict.differences).toBe(0);
    expect(verdict.compared).toBeGreaterThan(30);
    expect((await fast.profiles.read('u:user 5', EVENTS_MAX)).events).toBeNull();

    const planted = { key: '0123456789abcdef', itemId: 'item 1', type: 1, timeS: MIDNIGHT_S + 90_000 };
    await fast.profiles.apply(new Map([['u:user 7', [planted]]]));
    expect((await verify()).examples).toEqual([expect.stringMatching(/^u:user 7: /)]);
  });

  it('waits for a Redis that is gone while counters go on, and catches up when it is back', async () => {
    await append(3, 500);
    await untilCaughtUp(database.pool, 'projector');
    const server = new ValkeyServer(workspace.environment);
    process.kill(server.status().pid!, 'SIGKILL');
    await append(4, 500);
    await untilCaughtUp(database.pool, 'counters');
    expect(await differences(database.pool)).toEqual([]);
    await expect
      .poll(() => aggregator.status().consumers.find(({ name }) => name === 'projector')!.problem)
      .not.toBe('');
    const again = await openRedis(workspace.environment, 'fast');
    await untilCaughtUp(database.pool, 'projector');
    await expect.poll(() => aggregator.status().itemsUnpublished, { timeout: 5_000 }).toBe(0);
    const lastOf = new Map<string, unknown>();
    for (const entry of await streamed())
      if (entry.kind === 'counters') for (const item of entry.items) lastOf.set(item.itemId, item);
    const { rows } = await database.pool.query<{ item_id: string; sums: number[]; version: number }>(
      'SELECT item_id, sums, version::float8 FROM item_counters',
    );
    for (const { item_id, sums, version } of rows) expect(lastOf.get(item_id)).toMatchObject({ sums, version });
    await again.close();
  });

  it('publishes items as they are, trending lists and what was seen together', async () => {
    // The first time ever the fast path begins at the end of the log.
    await untilCaughtUp(database.pool, 'projector');
    const lane = await stores.log.openLane();
    const item = (n: number) => ({
      itemId: `item ${n}`,
      title: `Item ${n}`,
      category: n % 2 === 0 ? 'even' : 'odd',
      brand: '',
      price: n,
      available: true,
      createdAtS: MIDNIGHT_S,
      attributes: {},
    });
    const itemIds = Array.from({ length: 40 }, (_, n) => `item ${n}`);
    await lane.write(async (inTurn, tell) => {
      await inTurn.items.put(Array.from({ length: 40 }, (_, n) => item(n)));
      tell({ kind: LOG_KIND.items, payload: { itemIds } });
    });
    await append(5, 2_000);
    await untilCaughtUp(database.pool, 'counters');
    await untilCaughtUp(database.pool, 'projector');
    await lane.write(async (inTurn, tell) => {
      await inTurn.items.patch([{ itemId: 'item 3', stock: 0 }]);
      tell({ kind: LOG_KIND.items, payload: { itemIds: ['item 3'] } });
    });
    await lane.close();
    await untilCaughtUp(database.pool, 'projector');
    // Another turn, so that the jobs run at once.
    await aggregator.stop();
    aggregator = testAggregator({ databaseUrl: database.url, fast, nowS: () => MIDNIGHT_S + 3600 }).aggregator;
    aggregator.start();
    const kinds = async () => new Set((await streamed()).map(({ kind }) => kind));
    await expect.poll(kinds, { timeout: 20_000 }).toEqual(new Set(['item', 'counters', 'trending', 'covisitation']));
    const states = (await streamed()).filter((entry) => entry.kind === 'item' && entry.itemId === 'item 3');
    expect(states.map((entry) => entry.kind === 'item' && entry.available)).toEqual([true, false]);
    const trending = (await fast.live.trending())!;
    expect(trending.lists.map(({ window, category }) => `${window} ${category}`)).toEqual([
      ...['1d ', '1d even', '1d odd', '7d ', '7d even', '7d odd'],
    ]);
    const [overall] = trending.lists;
    expect(overall!.itemIds).toHaveLength(39);
    expect(overall!.itemIds).not.toContain('item 3');
    expect([...overall!.scores].sort((a, b) => b - a)).toEqual(overall!.scores);
  });

  it('goes on with an interrupted rebuild of profiles after the last unit that was finished', async () => {
    await append(6, 800);
    await untilCaughtUp(database.pool, 'projector');
    const folder = mkdtempSync(join(tmpdir(), 'shortlist-rebuild-'));
    const file = join(folder, 'progress.json');
    // 60 units are one batch: 700 more make two.
    const lane = await stores.log.openLane();
    const more = seededEvents({ count: 700, seed: 8, aroundS: MIDNIGHT_S }).map((event, i) => ({
      ...event,
      userId: `shopper ${i}`,
      sessionId: null,
    }));
    await lane.append(more);
    await lane.close();
    await untilCaughtUp(database.pool, 'projector');
    const interrupted = rebuild(file, () => {
      throw new Error('interrupted');
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    const counts = await rebuild(file);
    expect(counts).toEqual({ filled: 260, present: 0, resumedAt: 500 });
    expect(await verify()).toMatchObject({ compared: 760, absent: 0, differences: 0 });
    rmSync(folder, { recursive: true });
  });

  it('is told to start anew by a rebuild of the counters, and one without a leader does it itself', async () => {
    await append(9, 500);
    await untilCaughtUp(database.pool, 'counters');
    await fast.profiles.fill('u:user 1', (await fast.profiles.read('u:user 1', 100)).ticket!, 100, {
      ...(await stores.profiles.recent(unitOf('u:user 1'), 100)),
    });
    await database.pool.query('UPDATE item_counters SET sums[7] = sums[7] + 1');
    const holders: string[] = [];
    const options = {
      databaseUrl: database.url,
      pool: database.pool,
      shard: WHOLE,
      progress: () => undefined,
      onDelegated: (holder: string) => holders.push(holder),
    };
    await rebuildCounters(options);
    expect(holders).toEqual([`test ${process.pid}`]);
    expect(await differences(database.pool)).toEqual([]);
    await untilCaughtUp(database.pool, 'projector');
    expect((await fast.profiles.read('u:user 1', 100)).events).toBeNull();
    await aggregator.stop();
    await sleep(50);
    await database.pool.query('UPDATE item_counters SET sums[7] = sums[7] + 1');
    await rebuildCounters(options);
    expect(holders).toHaveLength(1);
    expect(await differences(database.pool)).toEqual([]);
  });
});
