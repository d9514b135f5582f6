export type ItemAttributes = Readonly<Record<string, string | number | boolean | null>>;

/** One catalogue item by its external id. */
export interface Item {
  readonly itemId: string;
  readonly title: string;
  /** '' when there is none. */
  readonly category: string;
  /** '' when there is none. */
  readonly brand: string;
  readonly price: number;
  /** False: known, but must not be recommended. Written: the merchant's flag; read: with stock, hidden and deleted. */
  readonly available: boolean;
  /** Unix seconds, kept to the microsecond. */
  readonly createdAtS: number;
  readonly attributes: ItemAttributes;
}

/** An item as a sender describes it. What is absent stays as it was (stock: not counted; hidden: no). */
export interface NewItem extends Item {
  /** Pieces left; null: not counted. */
  readonly stock?: number | null;
  readonly hidden?: boolean;
  /** The sender's clock or counter: a write with a smaller one than the stored is ignored. */
  readonly sourceVersion?: number;
}

/** Everything that is known of an item. */
export interface StoredItem extends Item {
  /** The merchant's own flag. */
  readonly offered: boolean;
  readonly stock: number | null;
  readonly hidden: boolean;
  readonly deleted: boolean;
  /** Grows with every change. */
  readonly version: number;
  readonly sourceVersion: number | null;
}

/** Some fields of one item. */
export interface ItemPatch {
  readonly itemId: string;
  readonly title?: string;
  readonly category?: string;
  readonly brand?: string;
  readonly price?: number;
  /** The merchant's flag. */
  readonly available?: boolean;
  readonly attributes?: ItemAttributes;
  readonly stock?: number | null;
  readonly hidden?: boolean;
  readonly deleted?: boolean;
  readonly sourceVersion?: number;
}

/** What became of one write: `stale` = an older sourceVersion than the stored; `missing` = a patch of no item. */
export type ItemOutcome = 'inserted' | 'updated' | 'unchanged' | 'stale' | 'missing';

export interface UpsertCounts {
  readonly inserted: number;
  readonly updated: number;
  /** Stale ones among them. */
  readonly unchanged: number;
}

export interface ItemStore {
  /**
   * Inserts new items and overwrites changed ones (a deleted one is there again), all or none, in order: of several with
   * one id the last counts.
   */
  upsert(items: readonly NewItem[]): Promise<UpsertCounts>;
  /** Like `upsert`, and says what became of each item; parallel to `items`. */
  put(items: readonly NewItem[]): Promise<readonly ItemOutcome[]>;
  /** Changes some fields of known items, in order; parallel to `patches`. Deleting is `{deleted: true}`. */
  patch(patches: readonly ItemPatch[]): Promise<readonly ItemOutcome[]>;
  /** Inserts those whose id is not there yet and leaves the others as they are; returns how many were inserted. */
  insertMissing(items: readonly Item[]): Promise<number>;
  /** Known ones of `itemIds`, in no order. */
  get(itemIds: readonly string[]): Promise<readonly StoredItem[]>;
  /** Streams the catalogue in ascending byte order of the ids, in batches of at most `batchMax` (default 10,000). */
  stream(batchMax?: number): AsyncIterable<readonly Item[]>;
  /** Like `stream`, with everything that is known, deleted ones included. */
  snapshot(batchMax?: number): AsyncIterable<readonly StoredItem[]>;
  /** Items that were not deleted. */
  count(): Promise<number>;
}
