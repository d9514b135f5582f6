/** The stored counters of one item: fixed-point sums of features/item-counters.ts. */
export interface StoredCounters {
  readonly itemId: string;
  /** [COUNTER_SUMS] */
  readonly sums: ArrayLike<number>;
  /** Unix seconds; 0 = never bought. */
  readonly firstPurchaseS: number;
  readonly lastPurchaseS: number;
  /** Grows with every checkpoint that changes the item. */
  readonly version: number;
}

/** When one unit (`u:<user id>`, `s:<session id>`) first and last bought an item; unix seconds. */
export interface Purchases {
  readonly itemId: string;
  readonly unit: string;
  readonly firstS: number;
  readonly lastS: number;
}

/** How an item's buyer changed; 0 = there is none before, or none any more. */
export interface BuyerChange {
  readonly itemId: string;
  /** The buyer's first purchase of the item. */
  readonly oldFirstS: number;
  readonly newFirstS: number;
}
