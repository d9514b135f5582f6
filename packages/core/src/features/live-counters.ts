import { ItemCounters } from './item-counters.ts';

/** Counters of one item as they are now (contracts/live.ts, stores/counter-store.ts). */
export interface CountersOfItem {
  readonly itemId: string;
  readonly version: number;
  /** [COUNTER_SUMS] */
  readonly sums: ArrayLike<number>;
  /** Unix seconds; 0 = never bought. */
  readonly firstPurchaseS: number;
  readonly lastPurchaseS: number;
}

/** The counter row of items that nothing is known of: all 0. */
export const NO_COUNTERS = 0;

/**
 * The present counters of all items by external id, kept once in a pod for all of its releases: 384 bytes of sums and
 * about 150 of everything else per item that was ever counted. Counter rows are never given up.
 */
export class LiveCounters {
  readonly counters = new ItemCounters(1);
  readonly #rowOf = new Map<string, number>();
  #versions = new Float64Array(1024);
  #firstPurchaseS = new Float64Array(1024);
  #lastPurchaseS = new Float64Array(1024);

  /** Items that something is known of. */
  get size(): number {
    return this.#rowOf.size;
  }

  /** By counter row. Another array after an item that is new here. */
  get firstPurchaseS(): Float64Array {
    return this.#firstPurchaseS;
  }

  get lastPurchaseS(): Float64Array {
    return this.#lastPurchaseS;
  }

  /** Counter row of an item; NO_COUNTERS for one that was never counted. */
  rowOf(itemId: string): number {
    return this.#rowOf.get(itemId) ?? NO_COUNTERS;
  }

  /** Takes an item's counters over, unless they are not newer than those that are here. Returns whether it did. */
  put({ itemId, version, sums, firstPurchaseS, lastPurchaseS }: CountersOfItem): boolean {
    let row = this.rowOf(itemId);
    if (row !== NO_COUNTERS && version <= this.#versions[row]!) return false;
    if (row === NO_COUNTERS) {
      row = this.#rowOf.size + 1;
      this.#rowOf.set(itemId, row);
      this.counters.grow(row + 1);
      if (row === this.#versions.length) this.#grow(2 * row);
    }
    this.counters.write(row, sums);
    this.#versions[row] = version;
    this.#firstPurchaseS[row] = firstPurchaseS;
    this.#lastPurchaseS[row] = lastPurchaseS;
    return true;
  }

  #grow(length: number): void {
    const larger = (values: Float64Array) => {
      const array = new Float64Array(length);
      array.set(values);
      return array;
    };
    this.#versions = larger(this.#versions);
    this.#firstPurchaseS = larger(this.#firstPurchaseS);
    this.#lastPurchaseS = larger(this.#lastPurchaseS);
  }
}
