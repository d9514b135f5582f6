/**
 * Profiles in three tiers, against a real Valkey (the one of the workspace):
 *
 *   node packages/serving/bench/profiles.bench.ts [--users 20000] [--seconds 5] [--repeats 5] [--json FILE]
 *
 * `profiles.read.*`: one profile of 100 events read from Redis, 2,000 reads a second, sent when their time comes whether
 * or not earlier ones are answered; from sending to the decoded profile. `profiles.ping.*`: the same with PING, interleaved:
 * what Node, the wire and the machine take. `profiles.memory.*`: bytes of Redis for one user.
 * `profiles.hits.*`: cumulative hit rates under Zipf traffic (exponent 1) over all users; every twentieth request is of a
 * visitor without events, so that 95 % can be found at all; after every tenth the unit has a new event, which is applied
 * to Redis and drops the copy in memory. Sizes: profiles in memory by the name, Redis for the 70 % of the users who come
 * most, whom it has at the start.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import type { ProfileEvent } from '@shortlist/core/stores/profile-cache.ts';
import { unitKeyOf, type KeyedProfileEvents, type ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { RedisProcess, SERVERS } from '../../core/test/stores/redis/redis-process.ts';
import { createProfiles } from '../src/create-profiles.ts';
import { RedisBreaker } from '../src/redis-breaker.ts';

const USERS = Number(option('users', '20000'));
const SECONDS = Number(option('seconds', '5'));
const REPEATS = Number(option('repeats', '5'));
const READS_PER_S = 2_000;
const EVENTS = 100;
/** Share of the users whose profiles Redis has memory for. */
const REDIS_SHARE = 0.7;
const NOW_S = 1_763_700_000;

const server = await RedisProcess.start(SERVERS[1].program);
const connection = new RedisConnection(server.url, { dataset: 'bench', commandTimeoutMs: 30_000 });
await connection.check();
const stores = redisStores(connection);
const random = seededRandom(11);

/** Users have 10 to 100 events, 55 on average, when `events` is absent. */
function historyOf(user: number, events = 10 + ((user * 7919) % 91)): ProfileEvent[] {
  return Array.from({ length: events }, (_, e) => ({
    key: (user * 1_000 + e).toString(16).padStart(16, '0'),
    itemId: `item-${(user * 31 + e * 17) % 200_000}`,
    type: 1 + (e % 7),
    timeS: NOW_S - (events - e) * 1_000.125,
  }));
}
const keyed = (events: readonly ProfileEvent[]): KeyedProfileEvents => ({
  keys: events.map(({ key }) => key),
  itemIds: events.map(({ itemId }) => itemId),
  types: Uint8Array.from(events, ({ type }) => type),
  timesS: Float64Array.from(events, ({ timeS }) => timeS),
});

async function usedBytes(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await connection.client.info('memory'))![1]);
}

/** Fills the users from..until with so many events each; bytes of memory per user. */
async function fill(from: number, until: number, events?: number): Promise<number> {
  const before = await usedBytes();
  const { ticket } = await stores.profiles.read('u:nobody', EVENTS);
  for (let start = from; start < until; start += 200) {
    const some = Array.from({ length: Math.min(200, until - start) }, (_, i) => start + i);
    await Promise.all(
      some.map((user) =>
        stores.profiles.fill(`u:${user}`, { ...ticket!, generation: '' }, EVENTS, keyed(historyOf(user, events))),
      ),
    );
  }
  return ((await usedBytes()) - before) / (until - from);
}

/** Latencies of calls that begin when their time comes, ms, sorted. */
async function callAtRate(perS: number, seconds: number, call: () => Promise<void>): Promise<Float64Array> {
  const total = perS * seconds;
  const latencies = new Float64Array(total);
  const waiting: Promise<void>[] = [];
  const startedMs = performance.now();
  const timed = async (i: number) => {
    const sentMs = performance.now();
    await call();
    latencies[i] = performance.now() - sentMs;
  };
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1000) * perS));
    while (sent < due) waiting.push(timed(sent++));
    await sleep(0.5);
  }
  await Promise.all(waiting);
  return latencies.sort();
}

/** Inverse of the cumulative Zipf distribution, exponent 1, by bisection. */
function zipf(users: number): () => number {
  const cumulative = new Float64Array(users);
  let sum = 0;
  for (let rank = 0; rank < users; rank++) cumulative[rank] = sum += 1 / (rank + 1);
  return () => {
    const at = random() * sum;
    let [low, high] = [0, users - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Cumulative hit rates of memory, Redis and log. */
async function hitRates(entriesMax: number, redisBytes: number): Promise<number[]> {
  await connection.client.flushall('SYNC');
  await connection.client.config('SET', 'maxmemory', String(Math.round((await usedBytes()) + redisBytes)));
  await connection.client.config('SET', 'maxmemory-policy', 'volatile-lru');
  const histories = new Map<number, ProfileEvent[]>();
  const store: ProfileStore = {
    recent: (unit) => {
      const user = 'userId' in unit ? Number(unit.userId) : -1;
      const events = user < 0 ? [] : [...historyOf(user), ...(histories.get(user) ?? [])];
      return Promise.resolve(keyed(events.slice(-EVENTS)));
    },
  };
  const breaker = new RedisBreaker({ timeoutMs: 5_000, onFailure: (error) => console.error(error) });
  const profiles = createProfiles({
    store,
    entriesMax,
    ttlMs: 0,
    notifiedTtlMs: 30_000,
    redis: { stores, breaker },
  });
  const { cache } = profiles;
  // Who came in the last 30 days: the most frequent ones.
  await fill(0, Math.floor(REDIS_SHARE * USERS));
  while ((cache.status() as { ttl_ms: number }).ttl_ms === 0) await sleep(10);
  const draw = zipf(USERS);
  const found = { memory: 0, redis: 0, log: 0 };
  const [warmUp, measured] = [USERS, USERS];
  for (let request = 0; request < warmUp + measured; request += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        if (i === 0) {
          await cache.recent({ sessionId: `new-${request}` }, EVENTS);
          return;
        }
        const user = draw();
        const unit = { userId: String(user) };
        const { tier, events } = await cache.recent(unit, EVENTS);
        if (request >= warmUp && events.itemIds.length > 0) found[tier] += 1;
        if (i % 10 !== 1) return;
        const own = histories.get(user) ?? [];
        const event = {
          key: `f${request.toString(16).padStart(12, '0')}${i.toString(16).padStart(3, '0')}`,
          itemId: 'item-1',
          type: 1,
          timeS: NOW_S + request,
        };
        own.push(event);
        histories.set(user, own);
        await stores.profiles.apply(new Map([[unitKeyOf(unit), [event]]]));
        await stores.invalidations.publish([unitKeyOf(unit)]);
      }),
    );
  }
  profiles.close();
  await connection.client.config('SET', 'maxmemory', '0');
  let sum = 0;
  return [found.memory, found.redis, found.log].map((count) => ((sum += count) / measured) * 100);
}

const results: BenchResult[] = [];
try {
  const readUsers = Math.min(USERS, 20_000);
  results.push(summarised(`profiles.memory.${EVENTS}_events.bytes`, 'bytes', [await fill(0, readUsers, EVENTS)]));
  const calls = {
    async read() {
      const { events } = await stores.profiles.read(`u:${Math.floor(random() * readUsers)}`, EVENTS);
      if (events?.itemIds.length !== EVENTS) throw new Error('a profile is missing');
    },
    async ping() {
      await connection.client.ping();
    },
  };
  for (const call of Object.values(calls)) await callAtRate(READS_PER_S, 2, call);
  const measured = Object.entries(calls).map(([name, call]) => ({
    ...{ name, call },
    ...{ p50: [] as number[], p99: [] as number[], cpu: [] as number[] },
  }));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const { call, p50, p99, cpu } of measured) {
      const before = process.cpuUsage();
      const latencies = await callAtRate(READS_PER_S, SECONDS, call);
      const { user, system } = process.cpuUsage(before);
      p50.push(latencies[Math.floor(latencies.length * 0.5)]!);
      p99.push(latencies[Math.floor(latencies.length * 0.99)]!);
      cpu.push((user + system) / latencies.length);
    }
  }
  for (const { name, p50, p99, cpu } of measured) {
    const rate = `profiles.${name}.${READS_PER_S}_per_s`;
    results.push(summarised(`${rate}.p50`, 'ms', p50), summarised(`${rate}.p99`, 'ms', p99));
    results.push(summarised(`${rate}.cpu`, 'cpu_us', cpu));
  }

  await connection.client.flushall('SYNC');
  const perUser = await fill(0, readUsers);
  results.push(summarised('profiles.memory.55_events.bytes', 'bytes', [perUser]));
  const redisBytes = REDIS_SHARE * USERS * perUser;
  for (const entriesMax of [USERS / 100, USERS / 20, USERS]) {
    const rates = await hitRates(entriesMax, redisBytes);
    ['memory', 'redis', 'log'].forEach((tier, t) =>
      results.push(summarised(`profiles.hits.${tier}.${entriesMax}_in_memory`, '%', [rates[t]!])),
    );
  }
  report(results);
} finally {
  connection.close();
  await server.stop();
}
