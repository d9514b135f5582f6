import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { codedDatabaseError, createPool } from '@shortlist/core/stores/postgres/connection.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { Aggregator, AGGREGATOR_LIMITS } from './aggregator/aggregator.ts';
import { AggregatorMetrics } from './aggregator/aggregator-metrics.ts';
import type { Config } from './config.ts';
import { createAcceptor, readCustomTypes } from './events/accept-event.ts';
import { EventIntake } from './events/event-intake.ts';
import { createRecordAcceptor } from './records/accept-record.ts';
import { RecordIntake } from './records/record-intake.ts';
import { ItemIntake } from './items/item-intake.ts';
import type { IngestMetrics } from './observe/metrics.ts';
import type { Intake } from './routes/route.ts';

export interface OpenedIngest {
  /** Null without the role `api`. */
  readonly intake: Intake | null;
  /** Its connections. */
  readonly database: { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number };
  status(): Promise<object>;
  /** Commits what waits, makes the aggregator's last checkpoint and frees the connections. */
  close(): Promise<void>;
}

const DAY_S = 86_400;
const CONNECT_TIMEOUT_MS = 2_000;
/** Beside the lanes: reads of routes. */
const CONNECTIONS_BESIDE = 4;

/** The aggregator keeps nobody waiting, and a checkpoint may hold its event loop for a while. */
const REDIS_PATIENCE = { commandTimeoutMs: 3_000, silenceMs: 6_000 };

/** Unix seconds by the configured clock. */
export const clockOf =
  ({ clockOffsetS }: Config) =>
  (): number =>
    Date.now() / 1000 + clockOffsetS;

/** Opens everything the configured roles need. @throws `database_*`, `config_invalid` */
export async function openIngest(config: Config, log: Logger, metrics: IngestMetrics): Promise<OpenedIngest> {
  const { databaseUrl, lanes, recordLanes, databaseTimeoutMs } = config;
  const roles = new Set(config.roles.split(','));
  const pool = createPool(databaseUrl, {
    connectionsMax: lanes + recordLanes + CONNECTIONS_BESIDE,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    statementTimeoutMs: databaseTimeoutMs,
    applicationName: 'shortlist-ingest',
  });
  const closing: (() => Promise<unknown>)[] = [() => pool.end()];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    await pool.query('SELECT 1');
    const stores = postgresStores(pool);
    const intake = roles.has('api') ? await openIntake(config, stores, metrics, closing) : null;
    const aggregator = roles.has('aggregator') ? startAggregator(config, { log, metrics }, closing) : null;
    return {
      intake,
      database: pool,
      close,
      status: async () => ({
        roles: [...roles],
        queue: intake && { events: intake.events.depth, items: intake.items.depth, records: intake.records.depth },
        rejected_waiting: intake && (await stores.rejected.count()),
        aggregator: aggregator?.status() ?? null,
      }),
    };
  } catch (error) {
    await close();
    throw codedDatabaseError(error, databaseUrl);
  }
}

type Stores = ReturnType<typeof postgresStores>;

async function openIntake(
  config: Config,
  stores: Stores,
  metrics: IngestMetrics,
  closing: (() => Promise<unknown>)[],
): Promise<Intake> {
  const openLane = async () => {
    const lane = await stores.log.openLane();
    closing.push(() => lane.close());
    return lane;
  };
  const openLanes = async (count: number) => {
    const lanes = [];
    for (let i = 0; i < count; i++) lanes.push(await openLane());
    return lanes;
  };
  const limits = { pastSMax: config.pastDaysMax * DAY_S, futureSMax: config.futureSMax, nowS: clockOf(config) };
  const events = new EventIntake({
    lanes: await openLanes(config.lanes),
    rejected: stores.rejected,
    accept: createAcceptor({ ...limits, customTypes: readCustomTypes(config.eventTypes) }),
    queueMax: config.queueEventsMax,
    observer: metrics.events,
  });
  const records = new RecordIntake({
    lanes: await openLanes(config.recordLanes),
    rejected: stores.rejected,
    accept: createRecordAcceptor(limits),
    queueMax: config.queueRecordsMax,
    observer: metrics.records,
  });
  const items = new ItemIntake(await openLane(), config.queueChangesMax);
  const people = await openLane();
  closing.push(
    () => events.drained(),
    () => items.drained(),
    () => records.drained(),
  );
  return { events, items, records, people, stores };
}

function startAggregator(
  config: Config,
  { log, metrics }: { log: Logger; metrics: IngestMetrics },
  closing: (() => Promise<unknown>)[],
): Aggregator {
  const { databaseUrl, redisUrl, dataset, shard, shards } = config;
  const redis = redisUrl === '' ? null : new RedisConnection(redisUrl, { dataset, ...REDIS_PATIENCE });
  if (redis === null) log.warn('no REDIS_URL: counters are kept, nothing is published to pods');
  else closing.push(() => Promise.resolve(redis.close()));
  const aggregator = new Aggregator({
    databaseUrl,
    ...(redis === null ? {} : { fast: redisStores(redis) }),
    shard: { index: shard, count: shards },
    holder: `${hostname()}:${process.pid}`,
    nowS: clockOf(config),
    limits: AGGREGATOR_LIMITS,
    onError: (what, error) => log.warn({ what, err: error }, 'the aggregator tries again'),
    metrics: new AggregatorMetrics(metrics.registry),
  });
  aggregator.start();
  closing.push(() => aggregator.stop());
  return aggregator;
}
