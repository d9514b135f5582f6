import type { LiveCounters } from '@shortlist/core/contracts/live.ts';
import type { StoredCounters } from '@shortlist/core/stores/counter-store.ts';
import type { LiveStream } from '@shortlist/core/stores/live-stream.ts';

/** Items per entry of the live stream, and entries per call. */
const ITEMS_PER_ENTRY = 100;
const ENTRIES_PER_CALL = 20;

/**
 * Puts changed counters onto the live stream. Several changes of an item in between are one; while Redis is away they
 * wait here, at most one per item.
 */
export class CountersPublisher {
  readonly #live: Pick<LiveStream, 'publish'>;
  readonly #waiting = new Map<string, StoredCounters>();
  #newest = 0;

  constructor(live: Pick<LiveStream, 'publish'>) {
    this.#live = live;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Counters that have been committed. */
  add(changed: Iterable<StoredCounters>): void {
    for (const counters of changed) {
      const known = this.#waiting.get(counters.itemId);
      if (known === undefined || known.version < counters.version) this.#waiting.set(counters.itemId, counters);
      this.#newest = Math.max(this.#newest, counters.version);
    }
  }

  /** Publishes what waits. Returns the version up to which everything is on the stream now; 0: nothing new. */
  async flush(): Promise<number> {
    if (this.#waiting.size === 0) return 0;
    const newest = this.#newest;
    const perCall = ITEMS_PER_ENTRY * ENTRIES_PER_CALL;
    const taken = [...this.#waiting.values()];
    for (let start = 0; start < taken.length; start += perCall) {
      const part = taken.slice(start, start + perCall);
      await this.#live.publish(entriesOf(part));
      // A newer one may have been added meanwhile.
      for (const one of part) if (this.#waiting.get(one.itemId) === one) this.#waiting.delete(one.itemId);
    }
    return newest;
  }
}

function entriesOf(counters: readonly StoredCounters[]): LiveCounters[] {
  const entries: LiveCounters[] = [];
  for (let start = 0; start < counters.length; start += ITEMS_PER_ENTRY) {
    const items = counters.slice(start, start + ITEMS_PER_ENTRY).map(({ sums, ...rest }) => ({
      ...rest,
      sums: Array.from(sums),
    }));
    entries.push({ kind: 'counters', items });
  }
  return entries;
}
