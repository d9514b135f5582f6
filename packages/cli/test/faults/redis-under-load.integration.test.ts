import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { TcpProxy } from '../../../core/test/stores/redis/tcp-proxy.ts';
import { killChildren, type ChildPod } from '../../../serving/test/child-pod.ts';
import { untilCaughtUp } from '../aggregator/test-aggregator.ts';
import { LiveShop } from '../live/live-shop.ts';
import { runCommand } from '../run-command.ts';
import { EventSender } from './event-sender.ts';
import { extent, SEED } from './extent.ts';
import { degradedOf, latencyOf, SlateLoad } from './slate-load.ts';
import { SteadyLoad } from './steady-load.ts';

const KILLED_MS = extent(60_000, 3_000);
const PAUSED_MS = extent(30_000, 2_000);
const FAR_MS = extent(30_000, 2_000);
/** In the long version what the figures promise; beside other tests a busy machine takes its time. */
const RECOVERY_MS = extent(5_000, 30_000);
const DEADLINE_MS = 5_000;
/** So many answers in a row with nothing amiss are a recovery. */
const WHOLE_ANSWERS = extent(10, 3);
const USERS = 50;

let shop: LiveShop;
let proxy: TcpProxy;
let pod: ChildPod;
const sender = new EventSender(SEED);
beforeAll(async () => {
  shop = await LiveShop.open();
  proxy = await TcpProxy.to(shop.redis.port);
  pod = await shop.startPod({
    REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    SHORTLIST_DEADLINE_MS: String(DEADLINE_MS),
    // Profiles are asked for again and again, not kept in the pod.
    SHORTLIST_PROFILE_CACHE_MAX: '1',
  });
});
afterAll(async () => {
  killChildren();
  await proxy.close();
  await shop.close();
});

/** Shoppers ask and events come in, while something is wrong with Redis and until it is well again. */
async function during(name: string, fault: () => Promise<void>, repair: () => Promise<void>): Promise<Set<string>> {
  const url = shop.ingest.url();
  const slates = new SlateLoad(pod, { users: USERS });
  const events = new SteadyLoad(1, 20, async () => void (await sender.send(url, sender.next(5))));
  let degraded = new Set<string>();
  try {
    const isWhole = () => {
      const last = slates.served.slice(-WHOLE_ANSWERS);
      return last.length === WHOLE_ANSWERS && degradedOf(last).size === 0;
    };
    await expect.poll(isWhole, { timeout: 60_000, interval: 10 }).toBe(true);
    const faultMs = performance.now();
    await fault();
    degraded = degradedOf(slates.since(faultMs));
    await repair();
    const backMs = performance.now();
    // Answers that were asked for since.
    await expect
      .poll(() => slates.since(backMs).length >= WHOLE_ANSWERS && isWhole(), { timeout: RECOVERY_MS, interval: 10 })
      .toBe(true);
    const recoveredMs = performance.now() - backMs;
    const served = slates.since(faultMs);
    console.log(
      `${name}: ${served.length} answers, p50 ${latencyOf(served, 0.5).toFixed(0)} ms, ` +
        `p99 ${latencyOf(served, 0.99).toFixed(0)} ms, slowest ${latencyOf(served, 1).toFixed(0)} ms; ` +
        `degraded: ${[...degraded].join(', ')}; whole again after ${recoveredMs.toFixed(0)} ms`,
    );
  } finally {
    await events.stop();
    await slates.stop();
  }
  expect(new Set(slates.served.map(({ status }) => status))).toEqual(new Set([200]));
  expect(slates.served.every(({ items }) => items === 5)).toBe(true);
  expect(latencyOf(slates.served, 1)).toBeLessThan(DEADLINE_MS);
  // Redis is no part of taking events.
  expect(new Set(sender.sendings.map(({ status }) => status))).toEqual(new Set([202]));
  for (const consumer of ['counters', 'projector']) await untilCaughtUp(shop.database.pool, consumer, 60_000);
  const verified = await runCommand(['verify', 'state', '--dataset', 'live'], {
    ...shop.workspace.variables,
    ...shop.variables(),
  });
  expect(verified.stdout).toMatch(/profiles: [1-9]\d* compared, .* 0 differences/);
  expect(verified).toMatchObject({ code: 0 });
  return degraded;
}

describe('under load every slate is served in time, says what it lacks, and is whole again soon', () => {
  const timeout = KILLED_MS + 120_000;

  it('when Redis is killed and comes back empty', { timeout }, async () => {
    const degraded = await during(
      'killed',
      async () => {
        await shop.redis.kill();
        await sleep(KILLED_MS);
      },
      () => shop.redis.start(),
    );
    expect(degraded).toContain('profile_cache');
  });

  it('when Redis is flushed', { timeout }, async () => {
    await during(
      'flushed',
      async () => {
        const admin = new RedisConnection(shop.redis.url, { dataset: 'admin' });
        await admin.check();
        await admin.client.flushall();
        admin.close();
      },
      () => Promise.resolve(),
    );
  });

  it('when Redis hangs', { timeout }, async () => {
    const degraded = await during(
      'hung',
      async () => {
        shop.redis.signal('SIGSTOP');
        await sleep(PAUSED_MS);
      },
      () => Promise.resolve(shop.redis.signal('SIGCONT')),
    );
    expect(degraded).toContain('profile_cache');
  });

  it('when Redis is 200 ms away', { timeout }, async () => {
    const degraded = await during(
      '200 ms away',
      async () => {
        proxy.delayMs = 200;
        await sleep(FAR_MS);
      },
      () => {
        proxy.delayMs = 0;
        return Promise.resolve();
      },
    );
    expect(degraded).toContain('profile_cache');
  });
});
