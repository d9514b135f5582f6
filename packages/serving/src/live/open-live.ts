import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { LiveStream } from '@shortlist/core/stores/live-stream.ts';
import { createPool } from '@shortlist/core/stores/postgres/connection.ts';
import { PostgresLiveTruth } from '@shortlist/core/stores/postgres/live-truth.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { RedisLiveStream } from '@shortlist/core/stores/redis/live-stream.ts';
import type { Config } from '../config.ts';
import { FeatureRefresh } from './feature-refresh.ts';
import { LeakCheck, type LeakCheckStatus } from './leak-check.ts';
import { LiveConsumer, type LiveConsumerStatus } from './live-consumer.ts';
import { LiveState, type LiveStateStatus } from './live-state.ts';

/** One for the snapshot, one for the leak check. */
const CONNECTIONS = 2;
/** Of one batch of the snapshot, or one question of the leak check. */
const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** How long a pod that starts waits for the present state before it serves what its release knows, and says so. */
const CATCH_UP_MS = 5_000;

export type LiveSettings = Pick<
  Config,
  'dataset' | 'databaseUrl' | 'redisUrl' | 'liveSpareShare' | 'liveSpareRowsMin' | 'liveLagMaxMs' | 'leakCheckEvery'
>;

/** As `/status` shows it. */
export interface LiveStatus extends Partial<LiveConsumerStatus>, LiveStateStatus {
  /** Whether answers say that they were made without the live state. */
  readonly late: boolean;
  readonly leak_check: LeakCheckStatus | null;
}

/** What keeps a pod's releases at the present: stock, prices, new items, counters, lists. */
export class Live {
  readonly #settings: LiveSettings;
  readonly #state: LiveState;
  readonly #consumer: LiveConsumer | null;
  readonly #leakCheck: LeakCheck | null;
  readonly #refresh: FeatureRefresh;
  readonly #closing: (() => Promise<void> | void)[] = [];

  /** Connects by itself, now or when what it connects to is there. `nowS`: unix seconds by the pod's clock. */
  constructor(settings: LiveSettings, log: Logger, nowS: () => number) {
    const { databaseUrl, redisUrl, dataset } = settings;
    this.#settings = settings;
    this.#state = new LiveState(nowS, () => this.#consumer?.refresh());
    const onFailure = (what: string, error: unknown): void => log.warn({ what, err: error }, 'live state falls behind');
    this.#refresh = new FeatureRefresh(
      () => this.#state.residents,
      nowS,
      (error) => onFailure('item_features', error),
    );
    const pool = databaseUrl === '' ? null : livePool(databaseUrl);
    const truth = pool && new PostgresLiveTruth(pool);
    let stream: LiveStream | null = null;
    if (redisUrl === '') log.warn('no REDIS_URL: stock, prices and new items are as the release has them');
    else {
      const redis = new RedisConnection(redisUrl, { dataset, name: 'shortlist-live' });
      stream = new RedisLiveStream(redis);
      this.#closing.push(() => redis.close());
    }
    this.#consumer = stream && new LiveConsumer({ stream, truth, state: this.#state, onFailure });
    this.#leakCheck =
      truth && settings.leakCheckEvery > 0
        ? new LeakCheck({
            truth,
            every: settings.leakCheckEvery,
            onLeak: (itemIds) => log.error({ items: itemIds }, 'served although out of stock'),
            onFailure: (error) => onFailure('leak_check', error),
          })
        : null;
    if (pool) this.#closing.push(() => pool.end());
  }

  /** Rows to leave free in a release of so many items. */
  spareRows = (items: number): number => {
    // Without a stream nothing new comes.
    if (this.#consumer === null) return 0;
    return Math.max(this.#settings.liveSpareRowsMin, Math.ceil(items * this.#settings.liveSpareShare));
  };

  /** The release at the present, which it follows until it is closed; closed, too, when this throws. */
  async attach(release: LoadedRelease): Promise<LoadedRelease> {
    const followed: LoadedRelease = {
      ...release,
      close: async () => {
        this.#state.detach(followed);
        await release.close();
      },
    };
    try {
      await this.#state.attach(followed);
    } catch (error) {
      await followed.close();
      throw error;
    }
    return followed;
  }

  /** Begins to follow; resolves when the pod has caught up, or after some seconds. */
  async start(): Promise<void> {
    if (this.#consumer === null) return;
    this.#consumer.start();
    const patience = new AbortController();
    await Promise.race([
      this.#consumer.caughtUp,
      sleep(CATCH_UP_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
  }

  /** Whether the live state is older than an answer may be silent about. */
  get late(): boolean {
    return this.#consumer !== null && this.#consumer.lagS * 1000 > this.#settings.liveLagMaxMs;
  }

  /** Age of the live state; null for a pod that follows none. */
  get lagS(): number | null {
    return this.#consumer?.lagS ?? null;
  }

  get leaks(): number {
    return this.#leakCheck?.status().leaks ?? 0;
  }

  /** A slate goes out. */
  served(itemIdsOf: () => readonly string[]): void {
    this.#leakCheck?.served(itemIdsOf);
  }

  status(): LiveStatus {
    return {
      ...this.#consumer?.status(),
      late: this.late,
      ...this.#state.status(),
      leak_check: this.#leakCheck?.status() ?? null,
    };
  }

  async close(): Promise<void> {
    await this.#consumer?.close();
    await this.#leakCheck?.close();
    await this.#refresh.close();
    for (const close of this.#closing) await close();
  }
}

function livePool(url: string) {
  return createPool(url, {
    connectionsMax: CONNECTIONS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    applicationName: 'shortlist-live',
  });
}
