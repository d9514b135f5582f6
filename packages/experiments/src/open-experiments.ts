import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { AssignmentSnapshot } from '@shortlist/core/contracts/assignment-snapshot.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import type { ExperimentStore } from '@shortlist/core/stores/experiment-store.ts';
import { codedDatabaseError, createPool } from '@shortlist/core/stores/postgres/connection.ts';
import { PostgresExperimentStore } from '@shortlist/core/stores/postgres/experiment-store.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';
import type { Channel } from './announcements/announcement.ts';
import { deliverAnnouncements } from './announcements/deliver.ts';
import type { Config } from './config.ts';
import { Experiments } from './control/experiments.ts';
import { ResultsReader } from './control/results.ts';
import { loadBuiltInMetrics } from './documents/metric-catalogue.ts';
import type { Analyse } from './analysis/results.ts';
import { Leader, type LeaderObserver, type SnapshotSink } from './leader/leader.ts';

export interface OpenedExperiments {
  readonly store: ExperimentStore;
  readonly experiments: Experiments;
  readonly results: ResultsReader;
  readonly builtInMetrics: ReturnType<typeof loadBuiltInMetrics>;
  readonly isLeading: () => boolean;
  status(): Promise<object>;
  /** Ends the round under way and frees the connections. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS_MAX = 4;
/** A batch of announcements is looked for so often. */
const DELIVER_EVERY_MS = 1_000;

/** Unix seconds by the configured clock. */
export const clockOf =
  ({ clockOffsetS }: Config) =>
  (): number =>
    Date.now() / 1000 + clockOffsetS;

export interface OpenOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly observer: LeaderObserver;
  readonly onAnnounced: (channel: string, outcome: string, reason: string) => void;
  readonly version: string;
  readonly tracing?: Tracing | null;
  readonly createAnalysis: (pool: Pool, options: { readonly workMemoryMb: number }) => Analyse;
}

/** Opens everything and starts standing for the lead. @throws `database_*` */
export async function openExperiments(options: OpenOptions): Promise<OpenedExperiments> {
  const { config, log, observer, version } = options;
  const { databaseUrl, databaseTimeoutMs, analysisTimeoutMs, resultsKeepS, staleAfterS } = config;
  const nowS = clockOf(config);
  const applicationName = 'shortlist-experiments';
  const limits = { connectTimeoutMs: CONNECT_TIMEOUT_MS, applicationName };
  const pool = createPool(databaseUrl, {
    ...{ ...limits, connectionsMax: CONNECTIONS_MAX, statementTimeoutMs: databaseTimeoutMs },
  });
  const analysisPool = createPool(databaseUrl, { ...limits, statementTimeoutMs: analysisTimeoutMs });
  const redis = openSink(config, log);
  const close = async () => {
    redis?.close();
    await Promise.all([pool.end(), analysisPool.end()]);
  };
  try {
    const store = new PostgresExperimentStore(pool);
    const builtInMetrics = loadBuiltInMetrics();
    const urls = channelUrls(config);
    const experiments = new Experiments({
      ...{ store, builtInMetrics, nowS, releases: releasesOf(config) },
      codeVersion: `${version} ${config.commit}`,
      channels: Object.keys(urls) as Channel[],
      onChanged: (snapshot) => publishNow(redis?.sink ?? null, snapshot, observer),
    });
    // Also the first proof that the database answers and is migrated.
    await experiments.renew();
    const analyse = options.createAnalysis(analysisPool, { workMemoryMb: config.analysisMemoryMb });
    const results = new ResultsReader({ store, builtInMetrics, analyse, nowS, keepS: resultsKeepS, staleAfterS });
    const leader = new Leader({
      ...{ databaseUrl, pool, store, experiments, results, observer, holder: `${hostname()}:${process.pid}` },
      sink: redis?.sink ?? null,
      deliver: () =>
        deliverAnnouncements({
          ...{ store, urls, nowS, random: Math.random, dataset: config.dataset },
          ...{ attemptsMax: config.announceAttemptsMax, timeoutMs: config.announceTimeoutMs },
          pagerdutyRoutingKey: config.pagerdutyRoutingKey,
          onOutcome: options.onAnnounced,
          tracing: options.tracing ?? null,
        }),
      everyMs: {
        ...{ analysis: config.analysisEveryS * 1000, publish: config.publishEveryMs, deliver: DELIVER_EVERY_MS },
      },
      staleAfterS,
    });
    leader.start();
    return {
      ...{ store, experiments, results, builtInMetrics },
      isLeading: () => leader.isLeading,
      status: () => statusOf(store, leader),
      async close() {
        await leader.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw codedDatabaseError(error, databaseUrl);
  }
}

function openSink({ redisUrl, dataset }: Config, log: Logger): { sink: SnapshotSink; close: () => void } | null {
  if (redisUrl === '') {
    log.warn('no REDIS_URL: pods do not get the assignment snapshot');
    return null;
  }
  const connection = new RedisConnection(redisUrl, { dataset, name: 'shortlist-experiments' });
  return { sink: redisStores(connection).assignments, close: () => connection.close() };
}

/** A decision need not wait for the next round, in whichever instance it was made. */
function publishNow(sink: SnapshotSink | null, snapshot: AssignmentSnapshot, observer: LeaderObserver): void {
  sink?.publish(snapshot).then(
    () => observer.published(snapshot.version),
    (error: unknown) => observer.failed('publish', error),
  );
}

function channelUrls(config: Config): Partial<Record<Channel, string>> {
  const { webhookUrl, slackWebhookUrl, pagerdutyRoutingKey, pagerdutyUrl } = config;
  return {
    ...(webhookUrl === '' ? {} : { webhook: webhookUrl }),
    ...(slackWebhookUrl === '' ? {} : { slack: slackWebhookUrl }),
    ...(pagerdutyRoutingKey === '' ? {} : { pagerduty: pagerdutyUrl }),
  };
}

function releasesOf({ home, dataset }: Config): () => Promise<ReadonlySet<string> | null> {
  if (home === '') return () => Promise.resolve(null);
  const folder = join(home, 'datasets', dataset);
  const registry = new ReleaseRegistry({
    ...{ dataset, releasesDir: join(folder, 'releases'), activePath: join(folder, 'active.json') },
  });
  return async () => new Set(await registry.ids());
}

async function statusOf(store: ExperimentStore, leader: Leader): Promise<object> {
  const [experiments, snapshot, announcements] = await Promise.all([
    store.experiments(),
    store.latestSnapshot(),
    store.announcementCounts(),
  ]);
  const states: Record<string, number> = {};
  for (const { state } of experiments) states[state] = (states[state] ?? 0) + 1;
  return {
    leading: leader.isLeading,
    experiments: states,
    snapshot: snapshot && { version: snapshot.version, digest: snapshot.digest, published_at_s: snapshot.publishedAtS },
    announcements,
  };
}
