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
  /** False: known, but must not be recommended. */
  readonly available: boolean;
  /** Unix seconds, kept to the microsecond. */
  readonly createdAtS: number;
  readonly attributes: ItemAttributes;
}

export interface UpsertCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

export interface ItemStore {
  /** Inserts new items and overwrites changed ones, all or none; of several with one id the last counts. */
  upsert(items: readonly Item[]): Promise<UpsertCounts>;
  /** Inserts those whose id is not there yet and leaves the others as they are; returns how many were inserted. */
  insertMissing(items: readonly Item[]): Promise<number>;
  /** Streams the catalogue in ascending byte order of the ids, in batches of at most `batchMax` (default 10,000). */
  stream(batchMax?: number): AsyncIterable<readonly Item[]>;
  count(): Promise<number>;
}
