import type { Impression, ImpressionStore } from '../impression-store.ts';
import { toMicroseconds, type MemoryState } from './state.ts';

/** Shown slates in a map. */
export class MemoryImpressionStore implements ImpressionStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  append(impressions: readonly Impression[]) {
    let inserted = 0;
    for (const impression of impressions) {
      if (this.#state.impressions.has(impression.requestId)) continue;
      const occurredAtS = toMicroseconds(impression.occurredAtS);
      this.#state.impressions.set(impression.requestId, { ...impression, occurredAtS });
      inserted += 1;
    }
    return Promise.resolve({ inserted, duplicates: impressions.length - inserted });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *stream({ beforeS = Infinity, batchMax = 5_000 }: { beforeS?: number; batchMax?: number } = {}) {
    const sorted = [...this.#state.impressions.values()]
      .filter(({ occurredAtS }) => occurredAtS < beforeS)
      .sort(
        (a, b) => a.occurredAtS - b.occurredAtS || Buffer.compare(Buffer.from(a.requestId), Buffer.from(b.requestId)),
      );
    for (let start = 0; start < sorted.length; start += batchMax) yield sorted.slice(start, start + batchMax);
  }

  count(): Promise<number> {
    return Promise.resolve(this.#state.impressions.size);
  }
}
