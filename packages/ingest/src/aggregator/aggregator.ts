import type { Pool } from 'pg';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import type { LogBatch } from '@shortlist/core/stores/log-tail.ts';
import { createPool } from '@shortlist/core/stores/postgres/connection.ts';
import { ConsumerOffsets, type ConsumerLag } from '@shortlist/core/stores/postgres/consumer-offsets.ts';
import type { ItemShard } from '@shortlist/core/stores/postgres/counted-history.ts';
import { PostgresCounterStore } from '@shortlist/core/stores/postgres/counter-store.ts';
import { pause, whileLeading, type Term } from '@shortlist/core/stores/postgres/leadership.ts';
import type { Lease } from '@shortlist/core/stores/postgres/leases.ts';
import { PostgresLogTail } from '@shortlist/core/stores/postgres/log-tail.ts';
import { pendingErasureUnits } from '@shortlist/core/stores/postgres/pending-erasures.ts';
import { poolSession, transactionSession } from '@shortlist/core/stores/postgres/session.ts';
import { claimSharding } from '@shortlist/core/stores/postgres/sharding.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { AggregatorMetrics } from './aggregator-metrics.ts';
import { CoVisitationFeed } from './co-visitation-feed.ts';
import { CountersConsumer } from './counters-consumer.ts';
import { CountersPublisher } from './counters-publisher.ts';
import { Projector } from './projector.ts';
import { isOfShard, namesOfAll, shardName } from './shard.ts';
import type { StepHook } from './step-hook.ts';
import { TrendingJob } from './trending-job.ts';

export interface AggregatorOptions {
  readonly databaseUrl: string;
  /** None: counters are kept in PostgreSQL and nothing is published. */
  readonly fast?: FastStores;
  readonly shard: ItemShard;
  /** Who this is, for people. */
  readonly holder: string;
  /** Unix seconds; it may be an hour of the past. */
  readonly nowS: () => number;
  readonly limits: AggregatorLimits;
  readonly onError: (what: string, error: unknown) => void;
  readonly metrics?: AggregatorMetrics;
  readonly onStep?: StepHook;
}

export interface AggregatorLimits {
  /** Wait between two reads of the log: when the last one found something, and when it found nothing. */
  readonly pollMs: number;
  readonly idlePollMs: number;
  /** A checkpoint is made at the latest after so long, or so many events. */
  readonly checkpointMs: number;
  readonly checkpointEvents: number;
  /** Counters that changed go onto the live stream once per so long: at a high rate that is most of the stream. */
  readonly publishEveryMs: number;
  readonly trendingEveryMs: number;
  readonly coVisitationEveryMs: number;
  readonly coVisitationVisitsMax: number;
}

export const AGGREGATOR_LIMITS: AggregatorLimits = {
  pollMs: 20,
  idlePollMs: 100,
  checkpointMs: 1_000,
  checkpointEvents: 20_000,
  publishEveryMs: 5_000,
  trendingEveryMs: 60_000,
  coVisitationEveryMs: 10_000,
  coVisitationVisitsMax: 200_000,
};

/** Events per read of the fast path: small, so that the first of them need not wait for the last. */
const PROJECTOR_EVENTS_MAX = 5_000;
const MEASURE_EVERY_MS = 1_000;
/** For everything but the leader's own transactions; no limit of time, since some read a day or the catalogue. */
const CONNECTIONS_MAX = 6;
/** An erasure is complete when the log has been cut behind its consumers. */
const ERASURES_EVERY_MS = 2_000;
/** The same failure is told again after so long. */
const REPEAT_ERROR_MS = 30_000;
/** Wait after Redis failed. */
const RETRY_MS = 250;

export interface ConsumerStatus extends ConsumerLag {
  readonly name: string;
  /** Why it does not get on; '' when it does. */
  readonly problem: string;
}

export interface AggregatorStatus {
  readonly leader: boolean;
  /** Of this process's latest turn as leader; 0 = it had none. */
  readonly epoch: number;
  readonly shard: string;
  readonly consumers: readonly ConsumerStatus[];
  readonly lastCheckpointMs: number;
  readonly itemsCounted: number;
  /** Items whose counters wait to be published. */
  readonly itemsUnpublished: number;
  /** Recomputing from the whole log: share done; null = it is not. */
  readonly recomputing: number | null;
}

/**
 * Follows the log: item counters (exact, with their offsets), and what is made of it in Redis. Any number of processes
 * may run it; one of them leads, the others wait for its end.
 */
export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #pool: Pool;
  readonly #stopping = new AbortController();
  readonly #names: { readonly lease: string; readonly counters: string; readonly projector: string };
  #running: Promise<void> | undefined;
  #status: AggregatorStatus;
  #reported = { message: '', ms: -Infinity };
  #problems = { counters: '', projector: '' };

  constructor(options: AggregatorOptions) {
    this.#options = options;
    const { databaseUrl, shard } = options;
    const applicationName = 'shortlist aggregator';
    this.#pool = createPool(databaseUrl, { connectionsMax: CONNECTIONS_MAX, applicationName });
    this.#names = {
      lease: shardName('aggregator', shard),
      counters: shardName('counters', shard),
      projector: shardName('projector', shard),
    };
    this.#status = {
      leader: false,
      epoch: 0,
      shard: `${shard.index + 1}/${shard.count}`,
      consumers: [],
      lastCheckpointMs: 0,
      itemsCounted: 0,
      itemsUnpublished: 0,
      recomputing: null,
    };
  }

  /** Begins to wait for the lead. */
  start(): void {
    const { databaseUrl, holder } = this.#options;
    const { signal } = this.#stopping;
    this.#running ??= whileLeading(
      {
        databaseUrl,
        pool: this.#pool,
        name: this.#names.lease,
        holder,
        signal,
        onError: (error) => this.#report('leadership', error),
      },
      (term) => this.#lead(term),
    );
  }

  /** Makes a last checkpoint and lets go of the lead. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return this.#running;
    this.#stopping.abort();
    await this.#running;
    await this.#pool.end();
  }

  status(): AggregatorStatus {
    return this.#status;
  }

  async #lead(term: Term): Promise<void> {
    const { onStep } = this.#options;
    this.#set({ leader: true, epoch: term.lease.epoch });
    const over = new AbortController();
    const end = () => over.abort();
    term.signal.addEventListener('abort', end, { once: true });
    if (term.signal.aborted) end();
    try {
      await onStep?.('lead');
      // Where Redis was taken away for good, erasures must not wait for the projector that it had.
      const { shard, fast } = this.#options;
      await claimSharding(term.client, namesOfAll(shard.count, fast === undefined ? ['counters'] : undefined));
      const counters = this.#countersConsumer(term);
      await counters.open();
      this.#set({ itemsCounted: counters.state.itemIds.length, recomputing: null });
      // One that fails ends the others, and with them the term.
      const parts = this.#parts(term, counters, over.signal);
      for (const part of parts) part.catch(end);
      const results = await Promise.allSettled(parts);
      for (const result of results) if (result.status === 'rejected') this.#report('term', result.reason);
    } finally {
      term.signal.removeEventListener('abort', end);
      this.#set({ leader: false });
    }
  }

  #countersConsumer({ client, lease }: Term): CountersConsumer {
    const { shard, onStep } = this.#options;
    return new CountersConsumer({
      client,
      shard,
      tail: new PostgresLogTail(transactionSession(client)),
      offsets: new ConsumerOffsets(this.#names.counters, lease.epoch),
      onRecompute: (done, total) => this.#set({ recomputing: total === 0 ? 1 : done / total }),
      ...(onStep === undefined ? {} : { onStep }),
    });
  }

  #parts(term: Term, counters: CountersConsumer, signal: AbortSignal): Promise<void>[] {
    const { fast, shard, nowS, limits, onStep } = this.#options;
    const pool = this.#pool;
    const stores = postgresStores(pool);
    const feed = new CoVisitationFeed({ pool, nowS, visitsMax: limits.coVisitationVisitsMax });
    const erasures = this.#every(ERASURES_EVERY_MS, 'erasures', () => stores.users.completeErasures(), signal);
    const common = [feed.rebuild(signal), this.#measure(signal), erasures];
    if (fast === undefined) return [...common, this.#count(counters, feed, undefined, signal)];
    const publisher = new CountersPublisher(fast.live);
    const projector = new Projector({
      pool,
      tail: stores.tail,
      offsets: new ConsumerOffsets(this.#names.projector, term.lease.epoch),
      items: stores.items,
      fast,
      shard,
      ...(onStep === undefined ? {} : { onStep }),
    });
    const trending = new TrendingJob({ pool, fast, shard, nowS });
    const publishVisits = () => feed.publish(fast, (itemId) => this.#isMine(itemId));
    return [
      ...common,
      this.#count(counters, feed, publisher, signal),
      this.#publish(term.lease, publisher, signal),
      this.#project(projector, signal),
      this.#every(limits.trendingEveryMs, 'trending', () => trending.run(counters.state), signal),
      this.#every(limits.coVisitationEveryMs, 'co-visitation', publishVisits, signal),
    ];
  }

  /** The counters: reads, and makes a checkpoint when enough has come together. Any failure ends the term. */
  async #count(
    counters: CountersConsumer,
    feed: CoVisitationFeed,
    publisher: CountersPublisher | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { limits, metrics } = this.#options;
    while (!signal.aborted) {
      const batches = await counters.advance(limits.checkpointEvents);
      metrics?.consumed('counters', eventsOf(batches));
      if (batches.some(({ kind }) => kind === LOG_KIND.reset)) {
        publisher?.add(counters.state.newerThan(0).map((row) => counters.state.stored(row)));
        this.#set({ recomputing: null, itemsCounted: counters.state.itemIds.length });
        await feed.rebuild(signal);
      } else await feed.add(batches, () => pendingErasureUnits(this.#pool));
      const { events, batches: unsaved, sinceMs } = counters.unsaved;
      const isFull = events >= limits.checkpointEvents;
      if (unsaved > 0 && (isFull || performance.now() - sinceMs >= limits.checkpointMs))
        await this.#checkpoint(counters, publisher);
      if (!isFull) await pause(batches.length > 0 ? limits.pollMs : limits.idlePollMs, signal);
    }
    if (this.#stopping.signal.aborted && counters.unsaved.batches > 0) await this.#checkpoint(counters, publisher);
  }

  async #checkpoint(counters: CountersConsumer, publisher: CountersPublisher | undefined): Promise<void> {
    const startedMs = performance.now();
    // Not as an argument of `?.`: without a publisher it would not be evaluated.
    const changed = await counters.checkpoint();
    publisher?.add(changed);
    const lastCheckpointMs = performance.now() - startedMs;
    this.#options.metrics?.checkpoint(lastCheckpointMs);
    this.#set({ lastCheckpointMs, itemsCounted: counters.state.itemIds.length });
  }

  /** Published counters follow the checkpoints; while Redis is away they wait. */
  async #publish(lease: Lease, publisher: CountersPublisher, signal: AbortSignal): Promise<void> {
    const { limits } = this.#options;
    const pool = this.#pool;
    // What a leader before this one committed and did not get to publish.
    const published = await lease.publishedVersion(pool);
    const session = poolSession(pool);
    const left = session.snapshot((client) => new PostgresCounterStore(client).stream(published));
    for await (const rows of left) publisher.add(rows.filter(({ itemId }) => this.#isMine(itemId)));
    const flush = async () => {
      await this.#options.onStep?.('publish');
      const version = await publisher.flush();
      if (version > 0) await lease.setPublishedVersion(pool, version);
      this.#set({ itemsUnpublished: publisher.waitingCount });
    };
    await this.#every(limits.publishEveryMs, 'publishing counters', flush, signal);
  }

  #isMine(itemId: string): boolean {
    return isOfShard(itemId, this.#options.shard);
  }

  /** The fast path. Redis away: it waits where it is, and goes on when Redis is back. */
  async #project(projector: Projector, signal: AbortSignal): Promise<void> {
    const { limits } = this.#options;
    let isOpen = false;
    while (!signal.aborted) {
      try {
        if (!isOpen) await projector.open();
        isOpen = true;
        const batches = await projector.advance(PROJECTOR_EVENTS_MAX);
        const events = eventsOf(batches);
        this.#options.metrics?.consumed('projector', events);
        this.#problems.projector = '';
        if (batches.length === 0) await projector.save();
        if (events < PROJECTOR_EVENTS_MAX) await pause(events > 0 ? limits.pollMs : limits.idlePollMs, signal);
      } catch (error) {
        if (!isOfRedis(error)) throw error;
        this.#report('projector', error);
        this.#problems.projector = String((error as Error).message);
        await pause(RETRY_MS, signal);
      }
    }
    if (isOpen && this.#stopping.signal.aborted) await projector.save();
  }

  /** A job that may fail for want of Redis, and is tried again soon then. */
  async #every(ms: number, what: string, job: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    let hasFailed = false;
    while (!signal.aborted) {
      try {
        await job();
        hasFailed = false;
      } catch (error) {
        if (!isOfRedis(error)) throw error;
        this.#report(what, error);
        hasFailed = true;
      }
      await pause(hasFailed ? RETRY_MS : ms, signal);
    }
  }

  /** How far behind the consumers are. */
  async #measure(signal: AbortSignal): Promise<void> {
    const { fast, metrics } = this.#options;
    const names = (['counters', 'projector'] as const).filter((name) => name === 'counters' || fast !== undefined);
    while (!signal.aborted) {
      const consumers: ConsumerStatus[] = [];
      for (const name of names) {
        const lag = await ConsumerOffsets.lag(this.#pool, this.#names[name]);
        consumers.push({ name, ...lag, problem: this.#problems[name] });
        metrics?.lag(name, lag);
      }
      this.#set({ consumers });
      await pause(MEASURE_EVERY_MS, signal);
    }
  }

  /** Tells a failure, the same one not again for a while: what fails is tried several times a second. */
  #report(what: string, error: unknown): void {
    const message = `${what}: ${String(error)}`;
    const nowMs = performance.now();
    if (message === this.#reported.message && nowMs - this.#reported.ms < REPEAT_ERROR_MS) return;
    this.#reported = { message, ms: nowMs };
    this.#options.onError(what, error);
  }

  #set(changes: Partial<AggregatorStatus>): void {
    this.#status = { ...this.#status, ...changes };
    this.#options.metrics?.leads(this.#status.leader, this.#status.epoch);
  }
}

const eventsOf = (batches: readonly LogBatch[]): number => batches.reduce((total, { count }) => total + count, 0);

const isOfRedis = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('redis_');
