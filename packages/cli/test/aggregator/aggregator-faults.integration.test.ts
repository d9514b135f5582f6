import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { openRedis, type OpenedRedis } from '../../src/workspace/redis.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { startChild, type AggregatorChild } from './child-process.ts';
import { repeatedAndShuffled, seededEvents } from './seeded-events.ts';
import { differences, untilCaughtUp } from './test-aggregator.ts';

const MIDNIGHT_S = Date.UTC(2026, 10, 20) / 1000;
/** A step that is not reached by then is no step any more. */
const STEP_WITHIN_MS = 20_000;
const SEED = Number(process.env.FAULT_SEED ?? 7);

/** Every step in the order in which they follow one another; the process dies between it and the one before. */
const STEPS = [
  ...['lead', 'counters:recompute', 'counters:replace', 'counters:commit', 'counters:read', 'counters:load'],
  ...['counters:apply', 'counters:begin', 'counters:buyers', 'counters:counters', 'counters:offsets'],
  ...['counters:commit', 'publish', 'projector:read', `projector:apply ${LOG_KIND.events}`, 'projector:invalidate'],
  'projector:offsets',
];

let workspace: TemporaryWorkspace;
let database: Database;
let redis: OpenedRedis;
const children: AggregatorChild[] = [];
const flows: ReturnType<typeof traffic>[] = [];

const start = (...args: Parameters<typeof startChild> extends [string, string, ...infer Rest] ? Rest : never) => {
  const child = startChild(database.url, redis.url, ...args);
  children.push(child);
  return child;
};

beforeEach(async () => {
  workspace = temporaryWorkspace();
  database = await openDatabase(workspace.environment, 'faults', { connectionsMax: 8 });
  redis = await openRedis(workspace.environment, 'faults');
});
afterEach(async () => {
  for (const flow of flows.splice(0)) {
    flow.stop();
    await flow.done;
  }
  for (const child of children.splice(0)) {
    child.process.kill('SIGKILL');
    await child.ended;
  }
  await redis.close();
  await database.close();
  await workspace.remove();
});

/** Sends events through a lane until stopped, each 1 to 5 times; resolves to how many were stored. */
function traffic(seed: number): { readonly done: Promise<number>; readonly stop: () => void } {
  const stopping = new AbortController();
  const done = (async () => {
    const lane = await postgresStores(database.pool).log.openLane();
    let stored = 0;
    for (let round = 0; !stopping.signal.aborted; round++) {
      const events = seededEvents({ count: 500, seed: seed * 10_000 + round, aroundS: MIDNIGHT_S });
      const sent = repeatedAndShuffled(events, round);
      for (let at = 0; at < sent.length; at += 100)
        for (const fresh of await lane.append(sent.slice(at, at + 100))) stored += fresh;
      await sleep(20);
    }
    await lane.close();
    return stored;
  })();
  const flow = { done, stop: () => stopping.abort() };
  flows.push(flow);
  return flow;
}

async function countEvents(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ events: number }>('SELECT count(*)::int AS events FROM events');
  return rows[0]!.events;
}

describe('the aggregator (real processes, PostgreSQL and Valkey)', () => {
  it('loses and doubles nothing when it is killed between any two of its steps', { timeout: 180_000 }, async () => {
    const random = seededRandom(SEED);
    const flow = traffic(SEED);
    for (const [i, step] of STEPS.entries()) {
      // The first ever start recomputes; later ones load.
      if (step === 'counters:recompute' || step === 'counters:replace')
        await database.pool.query('DELETE FROM consumers');
      const isOnce = i <= STEPS.indexOf('counters:load');
      const child = start({ step, time: isOnce ? 1 : 1 + Math.floor(random() * 4) });
      const end = await Promise.race([child.ended, sleep(STEP_WITHIN_MS, 'it was not taken')]);
      expect(end, `${step} ${child.errors()}`).toBe('SIGKILL');
    }
    flow.stop();
    const stored = await flow.done;
    expect(await countEvents(database.pool)).toBe(stored);
    const last = start();
    await untilCaughtUp(database.pool, 'counters', 60_000);
    expect(await differences(database.pool)).toEqual([]);
    await untilCaughtUp(database.pool, 'projector');
    expect(last.errors()).toBe('');
  });

  it('has one leader: a paused one is replaced within seconds, and can change nothing when it wakes', async () => {
    const { pool } = database;
    const first = start();
    await first.leading;
    const second = start();
    const flow = traffic(SEED + 1);
    await sleep(1_500);
    first.process.kill('SIGSTOP');
    const pausedMs = performance.now();
    await second.leading;
    expect(performance.now() - pausedMs).toBeGreaterThan(1_000);
    await sleep(1_000);
    first.process.kill('SIGCONT');
    await sleep(1_500);
    // And back: the one that was replaced stands by and takes over in its turn.
    second.process.kill('SIGSTOP');
    await expect
      .poll(async () => (await pool.query<{ epoch: number }>('SELECT epoch::int FROM leases')).rows[0]!.epoch, {
        timeout: 15_000,
      })
      .toBe(3);
    second.process.kill('SIGCONT');
    flow.stop();
    await flow.done;
    await untilCaughtUp(pool, 'counters', 60_000);
    expect(await differences(pool)).toEqual([]);
    const { rows } = await pool.query('SELECT pid FROM pg_locks WHERE locktype = $1 AND classid = $2 AND granted', [
      'advisory',
      0x5350,
    ]);
    expect(rows).toHaveLength(1);
  });
});
