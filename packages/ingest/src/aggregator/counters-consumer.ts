import type { PoolClient } from 'pg';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { LOG_KIND, type EventsPayload, type LogOffsets, type RetractPayload } from '@shortlist/core/contracts/log.ts';
import type { BuyerChange, Purchases, StoredCounters } from '@shortlist/core/stores/counter-store.ts';
import type { LogBatch, LogTail } from '@shortlist/core/stores/log-tail.ts';
import type { ConsumerOffsets } from '@shortlist/core/stores/postgres/consumer-offsets.ts';
import { replaceBuyers, type ItemShard } from '@shortlist/core/stores/postgres/counted-history.ts';
import { PostgresCounterStore } from '@shortlist/core/stores/postgres/counter-store.ts';
import { RecountStore } from '@shortlist/core/stores/postgres/recount-store.ts';
import { pendingErasureUnits } from '@shortlist/core/stores/postgres/pending-erasures.ts';
import { CounterState } from './counter-state.ts';
import { PendingPurchases } from './pending-purchases.ts';
import { Recount, type RecountProgress } from './recount.ts';
import { isOfShard } from './shard.ts';
import type { StepHook } from './step-hook.ts';

export interface CountersConsumerOptions {
  /** The leader's own connection: what it cannot commit there, nobody else can in its name. */
  readonly client: PoolClient;
  readonly tail: LogTail;
  readonly offsets: ConsumerOffsets;
  readonly shard: ItemShard;
  readonly onStep?: StepHook;
  readonly onRecompute?: RecountProgress;
  /** Events of one transaction of a recount; default RECOUNT_EVENTS. */
  readonly recountEvents?: number;
}

/** A recount is interrupted after about so many events, to keep what it has come to: half a minute or less. */
const RECOUNT_EVENTS = 5_000_000;

/** What has been worked in since the last checkpoint and is not in the sums yet. */
interface Unsettled {
  readonly purchases: PendingPurchases;
  /** Units whose events got another owner. */
  readonly units: Set<string>;
  /** Items that had purchases taken back. */
  readonly retractedItemIds: Set<string>;
}

const nothing = (): Unsettled => ({ purchases: new PendingPurchases(), units: new Set(), retractedItemIds: new Set() });

/**
 * Works batches of the log into the item counters, in memory, and keeps them with the log's offsets in one transaction
 * (`checkpoint`). Whatever fails in between, the process that comes next goes on from the last checkpoint: memory is
 * never mended, only read again.
 *
 * Sums do not depend on the order of batches. First purchases do, through who an event belongs to: units whose events
 * were merged or erased are made equal to the log itself at every checkpoint that meets one of their batches, which may
 * already include what comes later in the tail; meeting that changes nothing then.
 */
export class CountersConsumer {
  readonly #options: CountersConsumerOptions;
  readonly #store: PostgresCounterStore;
  readonly #recounts: RecountStore;
  #state: CounterState;
  #offsets: Record<string, number> = {};
  #unsettled = nothing();
  #unsaved = { events: 0, batches: 0, sinceMs: Infinity };

  constructor(options: CountersConsumerOptions) {
    this.#options = options;
    this.#store = new PostgresCounterStore(options.client);
    this.#recounts = new RecountStore(options.client, options.offsets.name, options.shard);
    this.#state = new CounterState(options.shard);
  }

  get state(): CounterState {
    return this.#state;
  }

  get offsets(): LogOffsets {
    return this.#offsets;
  }

  /** What the next checkpoint will keep; `sinceMs`: since when, on performance.now()'s clock. */
  get unsaved(): { readonly events: number; readonly batches: number; readonly sinceMs: number } {
    return this.#unsaved;
  }

  /** Takes up what is stored, or computes it from the log when there is nothing yet. Call it first. */
  async open(): Promise<void> {
    const { client, offsets } = this.#options;
    const from = await offsets.claim(client);
    const isBeingRecounted = (await this.#recounts.position()) !== undefined;
    if (from === undefined || isBeingRecounted) return this.recompute();
    this.#offsets = { ...from };
    await this.#step('load');
    await this.#transaction('BEGIN', async () => {
      for await (const rows of this.#store.stream()) for (const row of rows) this.#state.load(row);
    });
  }

  /** Reads on in the log, about `eventsMax` events. Returns what it worked in; nothing when it is up to date. */
  async advance(eventsMax: number): Promise<readonly LogBatch[]> {
    await this.#step('read');
    const batches = await this.#options.tail.read(this.#offsets, eventsMax);
    if (batches.some(({ kind }) => kind === LOG_KIND.reset)) {
      await this.recompute();
      return batches;
    }
    await this.#step('apply');
    for (const batch of batches) {
      this.#apply(batch);
      this.#offsets[batch.writer] = batch.batch;
      this.#unsaved = {
        events: this.#unsaved.events + batch.count,
        batches: this.#unsaved.batches + 1,
        sinceMs: Math.min(this.#unsaved.sinceMs, performance.now()),
      };
    }
    return batches;
  }

  /** Keeps counters and offsets, both or neither. Returns the items that changed. */
  async checkpoint(): Promise<readonly StoredCounters[]> {
    const { client, offsets } = this.#options;
    let stored: readonly StoredCounters[] = [];
    await this.#step('begin');
    await this.#transaction('BEGIN', async () => {
      await this.#step('buyers');
      await this.#settle();
      const rows = this.#state.takeChanged();
      stored = rows.map((row) => this.#state.stored(row));
      await this.#step('counters');
      await this.#store.put(stored);
      await this.#step('offsets');
      await offsets.save(client, this.#offsets);
      await this.#step('commit');
    });
    this.#unsettled = nothing();
    this.#unsaved = { events: 0, batches: 0, sinceMs: Infinity };
    return stored;
  }

  /**
   * Computes everything anew from the log, or goes on with that where a leader before this one was interrupted. Each
   * transaction keeps what it has come to together with the offsets that this includes; the last one replaces what is
   * stored. Items that were counted before and no longer are stay, with zeros and a version, so that whoever holds a copy
   * learns of it.
   */
  async recompute(): Promise<void> {
    const { client, offsets, shard, onRecompute } = this.#options;
    await this.#step('recompute');
    const recount = new Recount(shard, onRecompute);
    const from = await offsets.claim(client);
    if (from !== undefined) await this.#transaction('BEGIN', () => recount.resume(this.#recounts, from));
    let isDone = false;
    while (!isDone) {
      await this.#transaction('BEGIN ISOLATION LEVEL REPEATABLE READ', async () => {
        isDone = await this.#recountDays(recount);
        await this.#step('commit');
      });
    }
    this.#state = recount.state;
    this.#offsets = { ...recount.offsets };
    this.#unsettled = nothing();
    this.#unsaved = { events: 0, batches: 0, sinceMs: Infinity };
  }

  /** Returns whether all is counted and stored. */
  async #recountDays(recount: Recount): Promise<boolean> {
    const { client, offsets, tail, shard, recountEvents = RECOUNT_EVENTS } = this.#options;
    await recount.catchUp(tail, this.#recounts);
    const isLast = await recount.count(client, recountEvents);
    await offsets.save(client, recount.offsets);
    if (!isLast) {
      await this.#step('keep');
      await recount.keep(this.#recounts);
      return false;
    }
    await recount.countPurchases(client);
    await this.#step('replace');
    await replaceBuyers(client, shard);
    await this.#store.put(await recount.replacing(this.#store.stream()));
    await this.#recounts.clear();
    return true;
  }

  #apply(batch: LogBatch): void {
    if (batch.kind === LOG_KIND.events) this.#applyEvents(batch.payload);
    else if (batch.kind === LOG_KIND.slates) this.#state.applySlates(batch.payload);
    else if (batch.kind === LOG_KIND.retract) this.#retract(batch.payload);
    else if (batch.kind === LOG_KIND.merge) {
      this.#unsettled.units.add(`u:${batch.payload.userId}`);
      this.#unsettled.units.add(`s:${batch.payload.sessionId}`);
    }
  }

  #applyEvents(payload: EventsPayload): void {
    const { itemIds, types, timesS } = payload;
    for (let i = 0; i < itemIds.length; i++) {
      this.#state.apply(itemIds[i]!, types[i]!, timesS[i]!);
      if (types[i] === EVENT_CODE.purchase && this.#state.rowOf(itemIds[i]!) >= 0)
        this.#unsettled.purchases.add(payload, i);
    }
  }

  #retract({ itemIds, types, timesS }: RetractPayload): void {
    for (let i = 0; i < itemIds.length; i++) {
      this.#state.apply(itemIds[i]!, types[i]!, timesS[i]!, -1);
      if (types[i] === EVENT_CODE.purchase) this.#unsettled.retractedItemIds.add(itemIds[i]!);
    }
  }

  /** Brings buyers, first purchases and the items' times of purchase up to what was worked in. */
  async #settle(): Promise<void> {
    const { client, shard } = this.#options;
    const { purchases, units, retractedItemIds } = this.#unsettled;
    const merged = await this.#store.mergedSessions(purchases.anonymousSessions());
    const erased = await pendingErasureUnits(client);
    const direct: Purchases[] = [];
    for (const purchase of purchases.all()) {
      const { unit, anonymousSessionId } = purchase;
      const user = anonymousSessionId === null ? undefined : merged.get(anonymousSessionId);
      if (user !== undefined) units.add(unit).add(`u:${user}`);
      else if (erased.has(unit)) units.add(unit);
      else if (!units.has(unit)) direct.push(purchase);
    }
    if (retractedItemIds.size > 0) for (const unit of erased) units.add(unit);
    const changes = [
      ...(await this.#store.addPurchases(direct)),
      ...(await this.#store.reconcile(units, EVENT_CODE.purchase, (itemId) => isOfShard(itemId, shard))),
    ];
    for (const change of changes) this.#state.applyBuyer(change);
    await this.#settleTimes(changes, units.size > 0);
  }

  /** An item's first and last purchase only ever move outwards, but for purchases that were taken back. */
  async #settleTimes(changes: readonly BuyerChange[], isReconciled: boolean): Promise<void> {
    const { retractedItemIds } = this.#unsettled;
    if (retractedItemIds.size === 0 && !isReconciled) return;
    const asked = new Set([...retractedItemIds, ...changes.map(({ itemId }) => itemId)]);
    const itemIds = [...asked].filter((itemId) => this.#state.rowOf(itemId) >= 0);
    const times = await this.#store.itemTimes(itemIds);
    for (const itemId of itemIds) {
      const { firstS, lastS } = times.get(itemId) ?? { firstS: 0, lastS: 0 };
      this.#state.setTimes(itemId, firstS, lastS);
    }
  }

  async #transaction(begin: string, work: () => Promise<void>): Promise<void> {
    const { client } = this.#options;
    await client.query(begin);
    try {
      await work();
      await client.query('COMMIT');
    } catch (error) {
      // On a broken connection there is nothing to roll back; the first error says why.
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  async #step(name: string): Promise<void> {
    await this.#options.onStep?.(`counters:${name}`);
  }
}
