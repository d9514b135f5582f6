import type { PoolClient } from 'pg';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { LOG_KIND, type LogOffsets } from '@shortlist/core/contracts/log.ts';
import type { StoredCounters } from '@shortlist/core/stores/counter-store.ts';
import type { LogBatch, LogTail } from '@shortlist/core/stores/log-tail.ts';
import {
  estimateEvents,
  gatherPurchases,
  nextCountedDay,
  streamCounted,
  streamPurchases,
  type ItemShard,
} from '@shortlist/core/stores/postgres/counted-history.ts';
import type { RecountPosition, RecountStore } from '@shortlist/core/stores/postgres/recount-store.ts';
import { COUNTED_TYPES, CounterState } from './counter-state.ts';

const DAY_S = 86_400;
const READ_MAX = 20_000;

export type RecountProgress = (doneEvents: number, totalEvents: number) => void;

/**
 * A shard's counters from the whole log, day by day; nothing is sorted, memory is that of the counters. Either at once in
 * one REPEATABLE READ transaction (`count(Infinity)`, `countPurchases`), or in several, each of which begins with
 * `catchUp`: days that were counted in an earlier one get what the tail says of them since. Sums do not depend on the
 * order, so that both come to the same.
 */
export class Recount {
  readonly #shard: ItemShard;
  readonly #progress: RecountProgress;
  #state: CounterState;
  #position: RecountPosition = { untilS: -Infinity, events: 0 };
  #offsets: Record<string, number> = {};
  #total = 0;

  constructor(shard: ItemShard, progress: RecountProgress = () => undefined) {
    this.#shard = shard;
    this.#progress = progress;
    this.#state = new CounterState(shard);
  }

  get state(): CounterState {
    return this.#state;
  }

  /** What has been counted includes the log up to here, as far as days have been. */
  get offsets(): LogOffsets {
    return this.#offsets;
  }

  /** Goes on where an earlier process stopped, if one did; `from`: the consumer's offsets. */
  async resume(store: RecountStore, from: LogOffsets): Promise<void> {
    const position = await store.position();
    if (position === undefined) return;
    for await (const rows of store.counters()) for (const row of rows) this.#state.load(row);
    this.#position = position;
    this.#offsets = { ...from };
  }

  /** Brings days that were counted up to what the open transaction sees; begins anew when the log says so. */
  async catchUp(tail: LogTail, store: RecountStore): Promise<void> {
    let isReset = this.#position.untilS === -Infinity;
    while (!isReset) {
      const batches = await tail.read(this.#offsets, READ_MAX);
      if (batches.length === 0) return;
      isReset = batches.some(({ kind }) => kind === LOG_KIND.reset);
      for (const batch of batches) {
        this.#apply(batch);
        this.#offsets[batch.writer] = batch.batch;
      }
    }
    await store.clear();
    this.#state = new CounterState(this.#shard);
    this.#position = { untilS: -Infinity, events: 0 };
    this.#offsets = { ...(await tail.offsetsNow()) };
  }

  /** Counts whole days until about `eventsMax` events are. Returns whether no day is left. */
  async count(client: PoolClient, eventsMax: number): Promise<boolean> {
    this.#total = Math.max(this.#total, await estimateEvents(client));
    const until = this.#position.events + eventsMax;
    while (this.#position.events < until) {
      const day = await nextCountedDay(client, this.#position.untilS);
      if (day === undefined) return true;
      await this.#countDay(client, day);
    }
    return false;
  }

  /** Keeps what changed since it was kept last. */
  async keep(store: RecountStore): Promise<void> {
    await store.save(
      this.#position,
      this.#state.takeChanged().map((row) => this.#state.stored(row)),
    );
  }

  /** When no day is left: who bought what, which stays in the temporary table of `gatherPurchases`. */
  async countPurchases(client: PoolClient): Promise<void> {
    await gatherPurchases(client, this.#shard, EVENT_CODE.purchase);
    const times = new Map<string, { firstS: number; lastS: number }>();
    for await (const purchases of streamPurchases(client)) {
      for (const { itemId, firstS, lastS } of purchases) {
        this.#state.applyBuyer({ itemId, oldFirstS: 0, newFirstS: firstS });
        const known = times.get(itemId);
        if (known === undefined) times.set(itemId, { firstS, lastS });
        else {
          known.firstS = Math.min(known.firstS, firstS);
          known.lastS = Math.max(known.lastS, lastS);
        }
      }
    }
    // Not from the events: some may have been taken back since they were counted.
    for (const itemId of this.#state.itemIds) {
      const { firstS, lastS } = times.get(itemId) ?? { firstS: 0, lastS: 0 };
      this.#state.setTimes(itemId, firstS, lastS);
    }
    this.#progress(this.#position.events, this.#position.events);
  }

  /** Everything, for who holds another version of it: newer than what each of them has. */
  async replacing(kept: AsyncIterable<readonly StoredCounters[]>): Promise<readonly StoredCounters[]> {
    for await (const rows of kept) {
      for (const { itemId, version } of rows) {
        this.#state.rowOf(itemId);
        this.#state.continueFrom(version);
      }
    }
    for (const itemId of this.#state.itemIds) this.#state.touch(itemId);
    return this.#state.takeChanged().map((row) => this.#state.stored(row));
  }

  async #countDay(client: PoolClient, day: number): Promise<void> {
    let { events } = this.#position;
    const options = { day, shard: this.#shard, types: COUNTED_TYPES, impressionCode: EVENT_CODE.impression };
    for await (const { itemIds, types, timesS } of streamCounted(client, options)) {
      for (let i = 0; i < itemIds.length; i++) this.#state.apply(itemIds[i]!, types[i]!, timesS[i]!);
      events += itemIds.length;
      this.#progress(events, Math.max(this.#total, events));
    }
    this.#position = { untilS: (day + 1) * DAY_S, events };
  }

  /** Of days that were counted: what has come, and what was taken back. Buyers wait for the end. */
  #apply(batch: LogBatch): void {
    if (batch.kind === LOG_KIND.slates) {
      const { itemIds, timesS } = batch.payload;
      for (let i = 0; i < itemIds.length; i++)
        for (const itemId of itemIds[i]!) this.#applyOne(itemId, EVENT_CODE.impression, timesS[i]!, 1);
    } else if (batch.kind === LOG_KIND.events || batch.kind === LOG_KIND.retract) {
      const { itemIds, types, timesS } = batch.payload;
      const times = batch.kind === LOG_KIND.retract ? -1 : 1;
      for (let i = 0; i < itemIds.length; i++) this.#applyOne(itemIds[i]!, types[i]!, timesS[i]!, times);
    }
  }

  #applyOne(itemId: string, type: number, timeS: number, times: number): void {
    if (timeS < this.#position.untilS) this.#state.apply(itemId, type, timeS, times);
  }
}

/** A shard's counters from the whole log as the open transaction (REPEATABLE READ) sees it. */
export async function recomputeCounters(
  client: PoolClient,
  shard: ItemShard,
  progress?: RecountProgress,
): Promise<CounterState> {
  const recount = new Recount(shard, progress);
  await recount.count(client, Infinity);
  await recount.countPurchases(client);
  return recount.state;
}
