import type { LiveCounters, LiveItem } from '../contracts/live.ts';

/** What the live stream tells about, as it stands where it is kept: for pods that start, fell behind, or check. */
export interface LiveTruth {
  /** The whole catalogue in batches; deleted items as ones that are not available. */
  items(): AsyncIterable<readonly LiveItem[]>;
  /** Every item that was ever counted, in batches. */
  counters(): AsyncIterable<LiveCounters['items']>;
  /** Those of `itemIds` that are not available and have not changed in the last `agoS` seconds. */
  unavailableSince(itemIds: readonly string[], agoS: number): Promise<readonly string[]>;
}
