import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { RedisProcess, SERVERS } from '../../../core/test/stores/redis/redis-process.ts';
import { TcpProxy } from '../../../core/test/stores/redis/tcp-proxy.ts';
import type { PipelineRecommender } from '../../src/create-recommender.ts';
import { openTinyRelease, profilesOf, recommenderOf } from '../pipeline/tiny-serving.ts';

const USERS = Array.from({ length: 20 }, (_, user) => `user-${user}`);
// How long it takes is measured (`make bench`, `make test-faults`); here it has to come back at all.
const RECOVERY = { timeout: 30_000, interval: 50 };

/** The real stages and the real server; only the event log is in memory. */
describe('a pod whose Redis', () => {
  let release: LoadedRelease;
  let server: RedisProcess;
  let proxy: TcpProxy;
  let projector: RedisConnection;
  let connection: RedisConnection;
  let recommender: PipelineRecommender;
  let log: ProfileStore & { reads: number };
  let bought: Record<string, { item: string; type: 'purchase'; ago: number }[]>;

  beforeAll(async () => {
    release = await openTinyRelease();
  });
  beforeEach(async () => {
    server = await RedisProcess.start(SERVERS[1].program);
    proxy = await TcpProxy.to(server.port);
    projector = new RedisConnection(server.url, { dataset: 'faults' });
    connection = new RedisConnection(`redis://127.0.0.1:${proxy.port}`, { dataset: 'faults' });
    await Promise.all([projector.check(), connection.check()]);
    bought = Object.fromEntries(
      USERS.map((user, i) => [user, [{ item: release.catalog.itemIds[i]!, type: 'purchase', ago: 100 }]]),
    );
    log = profilesOf(bought);
    recommender = recommenderOf(release, {
      profiles: log,
      profileCache: { entriesMax: 100, ttlMs: 0, notifiedTtlMs: 0, logReadsMax: 8 },
      redis: { stores: redisStores(connection), timeoutMs: 8, recommendTtlS: 0 },
    });
  });
  afterEach(async () => {
    await recommender.close();
    connection.close();
    projector.close();
    await proxy.close();
    await server.stop();
  });
  afterAll(() => release.close());

  /** One request of every user; every one must be answered. */
  const load = async (): Promise<RecommendResponse[]> => {
    const answers: RecommendResponse[] = [];
    for (const user of USERS) answers.push(await recommender.recommend({ user_id: user, num_items: 5 }, user));
    return answers;
  };
  const degradedOf = (answers: readonly RecommendResponse[]) => new Set(answers.flatMap(({ degraded }) => degraded));
  const isWhole = async () => [...degradedOf(await load())];

  /** How often the log was asked meanwhile. On a busy machine a healthy Redis is late now and then, too. */
  const readsOfLoad = async () => {
    const before = log.reads;
    await load();
    return log.reads - before;
  };

  /** Every answer is personal and declares that it was made without the cache, and nothing else. */
  const expectServedWithout = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      const answers = await load();
      expect(new Set(answers.map(({ tier }) => tier))).toEqual(new Set(['personalized']));
      expect(degradedOf(answers)).toEqual(new Set(['profile_cache']));
    }
  };
  /** What Redis has of every user is what the log has. */
  const expectEqualState = async () => {
    const { profiles } = redisStores(projector);
    for (const user of USERS) {
      const { events } = await profiles.read(`u:${user}`, 100);
      const { keys: _, ...truth } = await log.recent({ userId: user }, 100);
      expect(events).toEqual(truth);
    }
  };
  const buy = (user: string, item: number) => {
    bought[user]!.push({ item: release.catalog.itemIds[item]!, type: 'purchase', ago: 50 });
  };

  it('is well answers from it and declares nothing', async () => {
    await expect.poll(isWhole, RECOVERY).toEqual([]);
    await expect.poll(readsOfLoad, RECOVERY).toBe(0);
    await expectEqualState();
  });

  it('is killed serves from the log, says so, and recovers with the server, whose emptiness loses nothing', async () => {
    await load();
    await server.kill();
    await expectServedWithout(5);
    expect(recommender.status().profile_cache).toMatchObject({ redis: { breaker: 'open' } });
    // Nobody can tell a Redis that is gone of this.
    buy('user-0', 30);
    await server.start();
    await expect.poll(isWhole, RECOVERY).toEqual([]);
    await expect.poll(readsOfLoad, RECOVERY).toBe(0);
    await expectEqualState();
  });

  it('is flushed misses once and fills again', async () => {
    await expect.poll(readsOfLoad, RECOVERY).toBe(0);
    await projector.client.flushall();
    expect(await readsOfLoad()).toBe(USERS.length);
    await expect.poll(isWhole, RECOVERY).toEqual([]);
    await expect.poll(readsOfLoad, RECOVERY).toBe(0);
    await expectEqualState();
  });

  it('hangs serves from the log within the deadline, says so, and recovers when it goes on', async () => {
    await load();
    server.signal('SIGSTOP');
    await expectServedWithout(5);
    const { failed } = (recommender.status().profile_cache as { redis: { failed: number } }).redis;
    // A few waited for it; the others were spared that.
    expect(failed).toBeLessThan(50);
    server.signal('SIGCONT');
    await expect.poll(isWhole, RECOVERY).toEqual([]);
    await expect.poll(readsOfLoad, RECOVERY).toBe(0);
    await expectEqualState();
  });

  it('hangs longer than a connection is trusted recovers on a new one', async () => {
    await load();
    server.signal('SIGSTOP');
    const until = performance.now() + 4_500;
    while (performance.now() < until) await expectServedWithout(1);
    server.signal('SIGCONT');
    await expect.poll(isWhole, RECOVERY).toEqual([]);
  });

  it('is 200 ms away serves from the log, says so, and recovers when it is near again', async () => {
    await load();
    proxy.delayMs = 200;
    await expectServedWithout(5);
    proxy.delayMs = 0;
    await expect.poll(isWhole, RECOVERY).toEqual([]);
    await expect.poll(readsOfLoad, RECOVERY).toBe(0);
    await expectEqualState();
  });

  it('goes away together with the log still answers, without profiles, and says both', async () => {
    await load();
    await server.kill();
    log.recent = () => Promise.reject(new Error('the log is down'));
    for (const { tier, degraded, recommendations } of await load()) {
      expect(tier).toBe('trending');
      expect(degraded).toContain('profile');
      expect(recommendations).toHaveLength(5);
    }
  });

  it('is gone sends the log no more than it bears; who is too many is answered without a profile', async () => {
    await server.kill();
    let [reading, most] = [0, 0];
    const recent = log.recent.bind(log);
    log.recent = async (unit, max) => {
      most = Math.max(most, ++reading);
      await new Promise((wait) => setTimeout(wait, 1));
      reading -= 1;
      return recent(unit, max);
    };
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, i) => recommender.recommend({ user_id: `user-${i}`, num_items: 5 }, `r-${i}`)),
    );
    expect(most).toBe(8);
    expect(degradedOf(answers)).toEqual(new Set(['profile_cache', 'profile']));
    expect(answers.every(({ recommendations }) => recommendations.length === 5)).toBe(true);
  });
});
