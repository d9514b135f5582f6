import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { SlatesPayload } from '@shortlist/core/contracts/log.ts';
import {
  COUNTER_CHANNELS,
  COUNTER_SUMS,
  FIRST_PURCHASE,
  ItemCounters,
} from '@shortlist/core/features/item-counters.ts';
import type { BuyerChange, StoredCounters } from '@shortlist/core/stores/counter-store.ts';
import type { ItemShard } from '@shortlist/core/stores/postgres/counted-history.ts';
import { isOfShard } from './shard.ts';

/** Codes of the events that counters are made of. */
export const COUNTED_TYPES: readonly number[] = [
  ...new Set(COUNTER_CHANNELS.map(({ type }) => type).filter((type) => type !== FIRST_PURCHASE)),
];

/** The counters of a shard's items in memory, by item id, and which of them changed since they were last stored. */
export class CounterState {
  readonly counters = new ItemCounters(0);
  readonly itemIds: string[] = [];
  readonly #shard: ItemShard;
  /** -1: of another shard. */
  readonly #rows = new Map<string, number>();
  #firstS = new Float64Array(0);
  #lastS = new Float64Array(0);
  #versions = new Float64Array(0);
  #changed = new Set<number>();
  #newestVersion = 0;

  constructor(shard: ItemShard) {
    this.#shard = shard;
  }

  /** Row of an item, made when it is new; -1 when it is of another shard, or no item. */
  rowOf(itemId: string): number {
    const known = this.#rows.get(itemId);
    if (known !== undefined) return known;
    const row = itemId !== '' && isOfShard(itemId, this.#shard) ? this.itemIds.length : -1;
    this.#rows.set(itemId, row);
    if (row < 0) return row;
    this.itemIds.push(itemId);
    this.counters.grow(row + 1);
    if (row >= this.#firstS.length) this.#growTimes();
    return row;
  }

  /** Counts one event, or takes one back (times -1). */
  apply(itemId: string, type: number, timeS: number, times = 1): void {
    if (!COUNTED_TYPES.includes(type)) return;
    const row = this.rowOf(itemId);
    if (row < 0) return;
    this.counters.apply(row, type, timeS, times);
    this.#changed.add(row);
    if (type !== EVENT_CODE.purchase || times < 0) return;
    if (this.#firstS[row] === 0 || timeS < this.#firstS[row]!) this.#firstS[row] = timeS;
    if (timeS > this.#lastS[row]!) this.#lastS[row] = timeS;
  }

  /** Counts each item of slates that were shown as an impression. */
  applySlates({ itemIds, timesS }: SlatesPayload): void {
    for (let i = 0; i < itemIds.length; i++)
      for (const itemId of itemIds[i]!) this.apply(itemId, EVENT_CODE.impression, timesS[i]!);
  }

  /** Counts a first purchase that is new, has moved or is gone. */
  applyBuyer({ itemId, oldFirstS, newFirstS }: BuyerChange): void {
    if (oldFirstS === newFirstS) return;
    const row = this.rowOf(itemId);
    if (row < 0) return;
    if (oldFirstS !== 0) this.counters.apply(row, FIRST_PURCHASE, oldFirstS, -1);
    if (newFirstS !== 0) this.counters.apply(row, FIRST_PURCHASE, newFirstS);
    this.#changed.add(row);
  }

  /** Sets when the item was first and last bought; 0 = never. */
  setTimes(itemId: string, firstS: number, lastS: number): void {
    const row = this.rowOf(itemId);
    if (row < 0) return;
    this.#firstS[row] = firstS;
    this.#lastS[row] = lastS;
    this.#changed.add(row);
  }

  /** Takes over what a store holds. */
  load({ itemId, sums, firstPurchaseS, lastPurchaseS, version }: StoredCounters): void {
    const row = this.rowOf(itemId);
    if (row < 0) return;
    this.counters.write(row, sums);
    this.#firstS[row] = firstPurchaseS;
    this.#lastS[row] = lastPurchaseS;
    this.#versions[row] = version;
    this.#newestVersion = Math.max(this.#newestVersion, version);
  }

  /** Counts the item among those that changed, whatever its counters. */
  touch(itemId: string): void {
    const row = this.rowOf(itemId);
    if (row >= 0) this.#changed.add(row);
  }

  get newestVersion(): number {
    return this.#newestVersion;
  }

  get changedCount(): number {
    return this.#changed.size;
  }

  /** Rows that changed since the last call, each under one version that none of them had before. */
  takeChanged(): readonly number[] {
    const rows = [...this.#changed];
    this.#changed = new Set();
    if (rows.length > 0) this.#newestVersion += 1;
    for (const row of rows) this.#versions[row] = this.#newestVersion;
    return rows;
  }

  /** Versions begin above `version`: what replaces other counters must be newer than they were. */
  continueFrom(version: number): void {
    this.#newestVersion = Math.max(this.#newestVersion, version);
  }

  /** Everything there is to know of a row's item. */
  stored(row: number): StoredCounters {
    return {
      itemId: this.itemIds[row]!,
      sums: this.counters.read(row),
      firstPurchaseS: this.#firstS[row]!,
      lastPurchaseS: this.#lastS[row]!,
      version: this.#versions[row]!,
    };
  }

  /** Rows whose version is above `version`. */
  newerThan(version: number): readonly number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.itemIds.length; row++) if (this.#versions[row]! > version) rows.push(row);
    return rows;
  }

  #growTimes(): void {
    const length = Math.max(1024, this.#firstS.length * 2);
    const larger = (values: Float64Array) => {
      const grown = new Float64Array(length);
      grown.set(values);
      return grown;
    };
    this.#firstS = larger(this.#firstS);
    this.#lastS = larger(this.#lastS);
    this.#versions = larger(this.#versions);
  }
}

/**
 * Whether two items' counters say the same. Taking back the newest event leaves its time behind (item-counters.ts), so
 * both are moved on to the later of their times first.
 */
export function sameCounters(a: StoredCounters, b: StoredCounters): boolean {
  if (a.firstPurchaseS !== b.firstPurchaseS || a.lastPurchaseS !== b.lastPurchaseS) return false;
  const both = new ItemCounters(2);
  both.write(0, a.sums);
  both.write(1, b.sums);
  const newestS = Math.max(a.sums[0]!, b.sums[0]!);
  both.advance(0, newestS);
  both.advance(1, newestS);
  const [left, right] = [both.read(0), both.read(1)];
  for (let i = 0; i < COUNTER_SUMS; i++) if (left[i] !== right[i]) return false;
  return true;
}
