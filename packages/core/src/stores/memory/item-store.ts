import { isDeepStrictEqual } from 'node:util';
import type { Item, ItemStore, UpsertCounts } from '../item-store.ts';
import { toMicroseconds, type MemoryState } from './state.ts';

/** The catalogue in a map. */
export class MemoryItemStore implements ItemStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  upsert(items: readonly Item[]): Promise<UpsertCounts> {
    const last = new Map(items.map((item) => [item.itemId, item]));
    let [inserted, updated] = [0, 0];
    for (const item of last.values()) {
      const next = { ...item, price: Math.fround(item.price), createdAtS: toMicroseconds(item.createdAtS) };
      const stored = this.#state.items.get(item.itemId);
      if (stored === undefined) inserted += 1;
      else if (!isDeepStrictEqual(stored, next)) updated += 1;
      else continue;
      this.#state.items.set(item.itemId, next);
    }
    return Promise.resolve({ inserted, updated, unchanged: items.length - inserted - updated });
  }

  async insertMissing(items: readonly Item[]): Promise<number> {
    const missing = items.filter(({ itemId }) => !this.#state.items.has(itemId));
    return (await this.upsert(missing)).inserted;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *stream(batchMax = 10_000) {
    const items = [...this.#state.items.values()].sort((a, b) =>
      Buffer.compare(Buffer.from(a.itemId), Buffer.from(b.itemId)),
    );
    for (let start = 0; start < items.length; start += batchMax) yield items.slice(start, start + batchMax);
  }

  count(): Promise<number> {
    return Promise.resolve(this.#state.items.size);
  }
}
