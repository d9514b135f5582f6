import { setImmediate as turn } from 'node:timers/promises';
import type {
  LiveCoVisitation,
  LiveCounters as CountersEntry,
  LiveItem,
  LiveTrending,
} from '@shortlist/core/contracts/live.ts';
import { LiveCounters } from '@shortlist/core/features/live-counters.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { refreshAll } from './feature-refresh.ts';
import { LiveRelease } from './live-release.ts';

/** Items whose live neighbours are kept; those of more are not taken. */
const CO_VISITED_MAX = 200_000;

/** Lists that a release is given between two turns of the event loop. */
const LISTS_PER_TURN = 200;

type LiveLists = LiveCoVisitation['items'][number];

/** As `/status` shows it, of the release that came last. */
export interface LiveStateStatus {
  /** Entries that were newer than what the pod had, since it started. */
  readonly items_applied: number;
  readonly counted_items: number;
  /** Rows that a release has for items of any kind; those in use; those in use by items that it did not know. */
  readonly capacity: number;
  readonly rows: number;
  readonly new_rows: number;
  /** Items that found no room in it. */
  readonly items_without_room: number;
}

/**
 * What the pod knows beyond its releases, kept the same in every resident one: current, previous, and the next while it is
 * being loaded. Items live in the releases' own catalogues; what releases share (counters, lists) is kept here once.
 */
export class LiveState {
  readonly #nowS: () => number;
  readonly #onForgotten: () => void;
  readonly #counters = new LiveCounters();
  readonly #residents = new Map<LoadedRelease, LiveRelease>();
  #latest: LiveRelease | null = null;
  #countersComplete = false;
  #trending: LiveTrending | null = null;
  readonly #coVisited = new Map<string, LiveLists & { readonly madeS: number }>();
  #itemsApplied = 0;

  /**
   * `nowS`: unix seconds by the pod's clock, as of which features are computed. `onForgotten` is called when a release was
   * attached that may have items of which the state was not kept: it needs another snapshot.
   */
  constructor(nowS: () => number, onForgotten: () => void = () => undefined) {
    this.#nowS = nowS;
    this.#onForgotten = onForgotten;
  }

  get residents(): Iterable<LiveRelease> {
    return this.#residents.values();
  }

  /** Brings a release that was just loaded to the present state, in slices; from its first one on it follows. */
  async attach(release: LoadedRelease): Promise<void> {
    const live = LiveRelease.of(release, this.#counters);
    const before = this.#latest;
    if (live.features) live.features.complete = this.#countersComplete;
    this.#residents.set(release, live);
    this.#latest = live;
    for (const items of before?.changedItems() ?? []) {
      await live.applyItems(items, this.#nowS());
      await turn();
    }
    if (this.#trending !== null) live.applyTrending(this.#trending);
    for (const lists of inBatches(this.#coVisited.values(), LISTS_PER_TURN)) {
      live.applyCoVisitation(lists);
      await turn();
    }
    if (before?.forgotSome === true) this.#onForgotten();
    await refreshAll(live, this.#nowS());
  }

  detach(release: LoadedRelease): void {
    const live = this.#residents.get(release);
    this.#residents.delete(release);
    if (live === this.#latest) this.#latest = [...this.#residents.values()].at(-1) ?? null;
  }

  async applyItems(items: readonly LiveItem[]): Promise<void> {
    if (items.length === 0) return;
    let applied = 0;
    // Known items change in all releases in the same turn of the event loop; vectors of new ones follow.
    for (const count of await Promise.all([...this.residents].map((live) => live.applyItems(items, this.#nowS()))))
      applied = Math.max(applied, count);
    this.#itemsApplied += applied;
  }

  applyCounters(items: CountersEntry['items']): void {
    const changed = items.filter((item) => this.#counters.put(item)).map(({ itemId }) => itemId);
    for (const live of this.residents) live.noteCounters(changed);
  }

  /** Every item that was ever counted is here now: what is missing has no counters. */
  async completeCounters(): Promise<void> {
    if (this.#countersComplete || this.#counters.size === 0) return;
    this.#countersComplete = true;
    for (const live of [...this.residents]) {
      if (live.features) live.features.complete = true;
      await refreshAll(live, this.#nowS());
    }
  }

  applyTrending(trending: LiveTrending): void {
    if (this.#trending !== null && trending.madeS <= this.#trending.madeS) return;
    this.#trending = trending;
    for (const live of this.residents) live.applyTrending(trending);
  }

  applyCoVisitation({ items, madeS }: LiveCoVisitation): void {
    const newer = items.filter(({ itemId, neighborIds }) => {
      const known = this.#coVisited.get(itemId);
      if (known !== undefined) return madeS > known.madeS;
      return neighborIds.length > 0 && this.#coVisited.size < CO_VISITED_MAX;
    });
    for (const lists of newer) {
      if (lists.neighborIds.length === 0) this.#coVisited.delete(lists.itemId);
      else this.#coVisited.set(lists.itemId, { ...lists, madeS });
    }
    for (const live of this.residents) live.applyCoVisitation(newer);
  }

  status(): LiveStateStatus {
    const catalog = this.#latest?.release.catalog;
    return {
      items_applied: this.#itemsApplied,
      counted_items: this.#counters.size,
      capacity: catalog?.capacity ?? 0,
      rows: catalog?.count ?? 0,
      new_rows: this.#latest?.newRows ?? 0,
      items_without_room: this.#latest?.withoutRoom ?? 0,
    };
  }
}

function* inBatches<T>(values: Iterable<T>, size: number): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const value of values) {
    if (batch.push(value) < size) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
