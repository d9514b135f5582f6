import type { Pool } from 'pg';
import type { LiveItem } from '@shortlist/core/contracts/live.ts';
import { LOG_KIND, type EventsPayload, type LogOffsets } from '@shortlist/core/contracts/log.ts';
import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import type { ItemStore, StoredItem } from '@shortlist/core/stores/item-store.ts';
import type { LogBatch, LogTail } from '@shortlist/core/stores/log-tail.ts';
import type { ProfileEvent } from '@shortlist/core/stores/profile-cache.ts';
import type { UnitKey } from '@shortlist/core/stores/profile-store.ts';
import type { ConsumerOffsets } from '@shortlist/core/stores/postgres/consumer-offsets.ts';
import type { ItemShard } from '@shortlist/core/stores/postgres/counted-history.ts';
import { pendingErasureUnits } from '@shortlist/core/stores/postgres/pending-erasures.ts';
import { isOfShard } from './shard.ts';
import type { StepHook } from './step-hook.ts';

export interface ProjectorOptions {
  readonly pool: Pool;
  readonly tail: LogTail;
  readonly offsets: ConsumerOffsets;
  readonly items: Pick<ItemStore, 'get' | 'snapshot'>;
  readonly fast: Pick<FastStores, 'profiles' | 'invalidations' | 'live' | 'answers' | 'slates'>;
  readonly shard: ItemShard;
  readonly onStep?: StepHook;
}

/** Least time between two notes of the offsets: applying a batch again changes nothing, so they may lag. */
const SAVE_EVERY_MS = 200;

/**
 * Brings what the log tells into Redis at once, without waiting for the counters' checkpoint: events into profiles,
 * items onto the live stream. Its offsets are noted after the fact: a batch may be applied twice, never left out.
 */
export class Projector {
  readonly #options: ProjectorOptions;
  #offsets: Record<string, number> = {};
  #savedMs = -Infinity;
  #unsaved = false;

  constructor(options: ProjectorOptions) {
    this.#options = options;
  }

  get offsets(): LogOffsets {
    return this.#offsets;
  }

  /** Takes up where it stood. The first time ever it begins at the end: profiles are read from PostgreSQL anyway. */
  async open(): Promise<void> {
    const { pool, offsets, tail } = this.#options;
    const from = await offsets.claim(pool);
    this.#offsets = { ...(from ?? (await tail.offsetsNow())) };
    if (from !== undefined) return;
    await this.#forgetAll();
    await offsets.save(pool, this.#offsets);
  }

  /** Reads on, about `eventsMax` events. Returns what it applied. Throws when Redis is away: nothing is skipped then. */
  async advance(eventsMax: number): Promise<readonly LogBatch[]> {
    const { tail } = this.#options;
    await this.#step('read');
    const batches = await tail.read(this.#offsets, eventsMax);
    for (const run of runsOf(batches)) {
      await this.#step(`apply ${run[0]!.kind}`);
      await this.#apply(run);
      for (const { writer, batch } of run) this.#offsets[writer] = batch;
      this.#unsaved = true;
    }
    if (this.#unsaved && performance.now() - this.#savedMs >= SAVE_EVERY_MS) await this.save();
    return batches;
  }

  async save(): Promise<void> {
    if (!this.#unsaved) return;
    await this.#step('offsets');
    await this.#options.offsets.save(this.#options.pool, this.#offsets);
    this.#savedMs = performance.now();
    this.#unsaved = false;
  }

  async #apply(run: readonly LogBatch[]): Promise<void> {
    const [first] = run;
    switch (first!.kind) {
      case LOG_KIND.events:
        return this.#applyEvents(run.map(({ payload }) => payload as EventsPayload));
      case LOG_KIND.slates:
        // Profiles do not hold what was merely shown.
        return;
      case LOG_KIND.items:
        return this.#publishItems(run.flatMap((batch) => (batch.kind === LOG_KIND.items ? batch.payload.itemIds : [])));
      case LOG_KIND.merge: {
        const users = run.flatMap((batch) =>
          batch.kind === LOG_KIND.merge ? [`u:${batch.payload.userId}` as UnitKey] : [],
        );
        return this.#forget(users);
      }
      case LOG_KIND.retract: {
        // Whose they were is known until every consumer has passed: an event of theirs that came late here must go, too.
        const erased = (await pendingErasureUnits(this.#options.pool)) as ReadonlySet<UnitKey>;
        await this.#options.fast.slates.remove([...erased].filter(isUser).map((unit) => unit.slice(2)));
        return this.#forget(erased);
      }
      case LOG_KIND.reset:
        return this.#reset();
    }
  }

  async #applyEvents(payloads: readonly EventsPayload[]): Promise<void> {
    const byUnit = new Map<UnitKey, ProfileEvent[]>();
    const add = (unit: UnitKey, entry: ProfileEvent) => {
      const entries = byUnit.get(unit);
      if (entries !== undefined) entries.push(entry);
      else if (isOfShard(unit, this.#options.shard)) byUnit.set(unit, [entry]);
    };
    for (const { keys, userIds, sessionIds, itemIds, types, timesS } of payloads) {
      for (let i = 0; i < keys.length; i++) {
        const entry = { key: keys[i]!, itemId: itemIds[i]!, type: types[i]!, timeS: timesS[i]! };
        const [userId, sessionId] = [userIds[i], sessionIds[i]];
        if (userId != null) add(`u:${userId}`, entry);
        if (sessionId != null) add(`s:${sessionId}`, entry);
      }
    }
    if (byUnit.size === 0) return;
    const { profiles, invalidations } = this.#options.fast;
    await profiles.apply(byUnit);
    await this.#step('invalidate');
    await invalidations.publish([...byUnit.keys()]);
  }

  async #forget(units: Iterable<UnitKey>): Promise<void> {
    const { profiles, invalidations } = this.#options.fast;
    const mine = this.#mine(units);
    if (mine.length === 0) return;
    await profiles.forget(mine);
    await invalidations.publish(mine);
  }

  async #forgetAll(): Promise<void> {
    const { profiles, invalidations } = this.#options.fast;
    await profiles.forgetAll();
    await invalidations.publishAll();
  }

  async #publishItems(itemIds: readonly string[]): Promise<void> {
    const { items, fast } = this.#options;
    const asked = this.#mine(new Set(itemIds));
    if (asked.length === 0) return;
    await fast.live.publish((await items.get(asked)).map(toLiveItem));
    await fast.answers.outdate('similar-products');
  }

  /** Anything may have changed: profiles are read anew, and every item is told as it is now. */
  async #reset(): Promise<void> {
    const { items, fast, shard } = this.#options;
    await this.#forgetAll();
    for await (const batch of items.snapshot())
      await fast.live.publish(batch.filter(({ itemId }) => isOfShard(itemId, shard)).map(toLiveItem));
    await fast.answers.outdate('similar-products');
    await fast.answers.outdate('trending');
  }

  #mine<Id extends string>(ids: Iterable<Id>): Id[] {
    return [...ids].filter((id) => isOfShard(id, this.#options.shard));
  }

  async #step(name: string): Promise<void> {
    await this.#options.onStep?.(`projector:${name}`);
  }
}

const isUser = (unit: UnitKey): boolean => unit.startsWith('u:');

/** Neighbouring batches of one kind, which can be applied together. */
function runsOf(batches: readonly LogBatch[]): LogBatch[][] {
  const runs: LogBatch[][] = [];
  for (const batch of batches) {
    const last = runs.at(-1);
    if (last?.[0]!.kind === batch.kind) last.push(batch);
    else runs.push([batch]);
  }
  return runs;
}

const toLiveItem = (item: StoredItem): LiveItem => ({
  kind: 'item',
  itemId: item.itemId,
  version: item.version,
  title: item.title,
  category: item.category,
  brand: item.brand,
  price: item.price,
  available: item.available,
  createdS: item.createdAtS,
});
