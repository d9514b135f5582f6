import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { dateOf } from '@shortlist/core/stores/postgres/partitions.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { UnitKey } from '@shortlist/core/stores/profile-store.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { CoVisitationFeed } from '@shortlist/ingest/aggregator/co-visitation-feed.ts';
import { rebuildCounters } from '@shortlist/ingest/aggregator/rebuild-counters.ts';
import { WHOLE } from '@shortlist/ingest/aggregator/shard.ts';
import { TrendingJob } from '@shortlist/ingest/aggregator/trending-job.ts';
import { verifyCounters } from '@shortlist/ingest/aggregator/verify-counters.ts';
import type { Environment } from '../environment.ts';
import { startProgress } from '../progress.ts';
import { withDatabase, type Database } from '../workspace/database.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { openRedis } from '../workspace/redis.ts';
import { rebuildProfiles } from './rebuild-profiles.ts';
import { verifyProfiles } from './verify-profiles.ts';

const DAY_S = 86_400;
const say = (line: string) => void process.stdout.write(`${line}\n`);

export interface RebuildOptions {
  readonly dataset: string;
  readonly shards: number;
  /** Profiles of units that were active within so many days of the newest event. */
  readonly days: number;
  readonly events: number;
  readonly fresh: boolean;
}

/** `shortlist rebuild counters|profiles|all` */
export async function rebuild(environment: Environment, what: string, options: RebuildOptions): Promise<void> {
  await withDatabase(environment, options.dataset, async (database) => {
    if (what !== 'profiles') await rebuildAllCounters(database, options.shards);
    if (what !== 'counters') await rebuildAllProfiles(environment, database, options);
  });
}

const shardsOf = (count: number) => Array.from({ length: count }, (_, index) => ({ index, count }));

async function rebuildAllCounters({ url, pool }: Database, shards: number): Promise<void> {
  for (const shard of shardsOf(shards)) {
    const progress = startProgress();
    const started = performance.now();
    let events = 0;
    try {
      await rebuildCounters({
        databaseUrl: url,
        pool,
        shard,
        progress(done, total) {
          events = done;
          progress.update('counters', done, total);
        },
        onDelegated: (holder) => say(`counters: ${holder} leads and was told to; waiting`),
      });
    } finally {
      progress.stop();
    }
    const seconds = (performance.now() - started) / 1000;
    const rate = events === 0 ? '' : `, ${events} events, ${Math.round(events / seconds)}/s`;
    say(`counters: rebuilt in ${seconds.toFixed(1)} s${rate}`);
  }
}

async function rebuildAllProfiles(
  environment: Environment,
  { pool }: Database,
  { dataset, days, events, fresh }: RebuildOptions,
): Promise<void> {
  const stores = postgresStores(pool);
  const { lastS } = await stores.events.summary();
  if (Number.isNaN(lastS)) return say('profiles: there are no events');
  const { folder } = datasetPaths(environment.home, dataset);
  mkdirSync(folder, { recursive: true });
  const redis = await openRedis(environment, dataset);
  const progress = startProgress();
  const started = performance.now();
  try {
    const counts = await rebuildProfiles({
      pool,
      profiles: stores.profiles,
      cache: redisStores(redis.connection).profiles,
      fromDate: dateOf(Math.floor(lastS / DAY_S) - days),
      eventsMax: events,
      progressFile: join(folder, 'rebuild-profiles.json'),
      fresh,
      progress: (done, total) => progress.update('profiles', done, total),
    });
    const rate = Math.round((counts.filled + counts.present) / ((performance.now() - started) / 1000));
    const resumed = counts.resumedAt === 0 ? '' : `, went on after ${counts.resumedAt}`;
    say(`profiles: ${counts.filled} filled, ${counts.present} were there, ${rate}/s${resumed}`);
  } finally {
    progress.stop();
    await redis.close();
  }
}

export interface VerifyOptions {
  readonly dataset: string;
  readonly shards: number;
  readonly events: number;
  /** Cached profiles to compare: Infinity = all, 0 = none. */
  readonly profiles: number;
}

/** `shortlist verify state`: exit code 1 when anything differs. */
export async function verifyState(environment: Environment, options: VerifyOptions): Promise<void> {
  const { dataset, shards, events, profiles: profilesMax } = options;
  await withDatabase(environment, dataset, async ({ pool }) => {
    let differences = 0;
    for (const shard of shardsOf(shards)) {
      const progress = startProgress();
      const verdict = await verifyCounters(pool, shard, (done, total) => progress.update('counters', done, total));
      progress.stop();
      const name = shards === 1 ? 'counters' : `counters ${shard.index + 1}/${shards}`;
      if (verdict.incomparable !== null) say(`${name}: cannot be compared: ${verdict.incomparable}`);
      else
        say(
          `${name}: ${verdict.itemsCompared} items compared, ${verdict.eventsPending} events pending, ` +
            `${verdict.differences} differences`,
        );
      for (const example of verdict.examples) say(`  ${example}`);
      differences += verdict.incomparable === null ? verdict.differences : 1;
    }
    if (profilesMax > 0) differences += await verifyCachedProfiles(environment, pool, { dataset, events, profilesMax });
    if (differences > 0) process.exitCode = 1;
  });
}

async function verifyCachedProfiles(
  environment: Environment,
  pool: Database['pool'],
  options: { readonly dataset: string; readonly events: number; readonly profilesMax: number },
): Promise<number> {
  const redis = await openRedis(environment, options.dataset);
  const progress = startProgress();
  try {
    const verdict = await verifyProfiles({
      units: cachedUnits(redis.connection, options.profilesMax),
      profiles: postgresStores(pool).profiles,
      cache: redisStores(redis.connection).profiles,
      eventsMax: options.events,
      progress: (done) => progress.update('profiles', done, Math.max(done, 1)),
    });
    say(`profiles: ${verdict.compared} compared, ${verdict.absent} without a copy, ${verdict.differences} differences`);
    for (const example of verdict.examples) say(`  ${example}`);
    return verdict.differences;
  } finally {
    progress.stop();
    await redis.close();
  }
}

type RedisConnection = Awaited<ReturnType<typeof openRedis>>['connection'];

/** Units that have a cached profile, at most `max`, in the order in which Redis finds them. */
async function* cachedUnits(connection: RedisConnection, max: number): AsyncGenerator<UnitKey> {
  const prefix = connection.key('p:');
  let [cursor, given] = ['0', 0];
  do {
    const [next, keys] = await connection.run(() =>
      connection.client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1_000),
    );
    for (const key of keys) {
      if (++given > max) return;
      yield key.slice(prefix.length) as UnitKey;
    }
    cursor = next;
  } while (cursor !== '0');
}

/** `shortlist publish trending|co-visitation`: what the aggregator does by itself, for a CronJob without one. */
export async function publish(environment: Environment, what: string, options: { dataset: string; nowS: number }) {
  const { dataset, nowS } = options;
  await withDatabase(environment, dataset, async ({ pool }) => {
    const redis = await openRedis(environment, dataset);
    try {
      const fast = redisStores(redis.connection);
      if (what === 'trending') {
        const lists = await new TrendingJob({ pool, fast, shard: WHOLE, nowS: () => nowS }).run();
        say(`trending: ${lists} lists published`);
      } else {
        const feed = new CoVisitationFeed({ pool, nowS: () => nowS, visitsMax: Infinity });
        await feed.rebuild(new AbortController().signal);
        let published = 0;
        for (;;) {
          const more = await feed.publish(fast, () => true);
          if (more === 0) break;
          published += more;
        }
        say(`co-visitation: ${published} items published`);
      }
    } finally {
      await redis.close();
    }
  });
}
