/**
 * Entries of the live stream from the aggregator to the ranking pods. Each is absolute and versioned: applying one
 * twice, or an old one late, changes nothing.
 */
export type LiveEntry = LiveItem | LiveCounters | LiveTrending | LiveCoVisitation;

/** The present state of one catalogue item. */
export interface LiveItem {
  readonly kind: 'item';
  readonly itemId: string;
  /** Grows with every change of the item. */
  readonly version: number;
  readonly title: string;
  readonly category: string;
  readonly brand: string;
  readonly price: number;
  /** May be served: merchant's flag, stock, not hidden, not deleted. */
  readonly available: boolean;
  /** Unix seconds. */
  readonly createdS: number;
}

/** Fixed-point sums of features/item-counters.ts of the items that changed. */
export interface LiveCounters {
  readonly kind: 'counters';
  readonly items: readonly {
    readonly itemId: string;
    readonly version: number;
    readonly sums: readonly number[];
    /** Unix seconds; 0 = never bought. */
    readonly firstPurchaseS: number;
    readonly lastPurchaseS: number;
  }[];
}

/** The present trending lists, best first. */
export interface LiveTrending {
  readonly kind: 'trending';
  /** Unix seconds. */
  readonly madeS: number;
  readonly lists: readonly {
    /** `1d` or `7d`. */
    readonly window: string;
    /** '' is overall. */
    readonly category: string;
    readonly itemIds: readonly string[];
    readonly scores: readonly number[];
  }[];
}

/** Items seen together lately, best first, of the items whose lists changed. */
export interface LiveCoVisitation {
  readonly kind: 'covisitation';
  readonly madeS: number;
  readonly items: readonly {
    readonly itemId: string;
    readonly neighborIds: readonly string[];
    readonly scores: readonly number[];
  }[];
}
