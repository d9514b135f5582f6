import { applyItem, applyPatch, toItem, type ItemChange } from '../item-change.ts';
import type { Item, ItemOutcome, ItemPatch, ItemStore, NewItem, StoredItem, UpsertCounts } from '../item-store.ts';
import { nextOf, type MemoryState } from './state.ts';

/** The catalogue in a map. */
export class MemoryItemStore implements ItemStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async upsert(items: readonly NewItem[]): Promise<UpsertCounts> {
    const counts = { inserted: 0, updated: 0, unchanged: 0 };
    for (const outcome of await this.put(items))
      counts[outcome === 'inserted' || outcome === 'updated' ? outcome : 'unchanged'] += 1;
    return counts;
  }

  put(items: readonly NewItem[]): Promise<readonly ItemOutcome[]> {
    return Promise.resolve(items.map((item) => this.#write(item, applyItem)));
  }

  patch(patches: readonly ItemPatch[]): Promise<readonly ItemOutcome[]> {
    return Promise.resolve(patches.map((patch) => this.#write(patch, applyPatch)));
  }

  async insertMissing(items: readonly Item[]): Promise<number> {
    const missing = items.filter(({ itemId }) => !this.#state.items.has(itemId));
    return (await this.upsert(missing)).inserted;
  }

  #write<T extends { readonly itemId: string }>(
    write: T,
    change: (stored: StoredItem | undefined, write: T) => ItemChange,
  ): ItemOutcome {
    const { outcome, next } = change(this.#state.items.get(write.itemId), write);
    if (next !== undefined) this.#state.items.set(next.itemId, { ...next, version: nextOf(this.#state, 'version') });
    return outcome;
  }

  get(itemIds: readonly string[]): Promise<readonly StoredItem[]> {
    const found = [...new Set(itemIds)].map((itemId) => this.#state.items.get(itemId));
    return Promise.resolve(found.filter((item) => item !== undefined));
  }

  async *stream(batchMax = 10_000) {
    for await (const items of this.snapshot(batchMax)) yield items.map(toItem);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *snapshot(batchMax = 10_000) {
    const items = [...this.#state.items.values()].sort((a, b) =>
      Buffer.compare(Buffer.from(a.itemId), Buffer.from(b.itemId)),
    );
    for (let start = 0; start < items.length; start += batchMax) yield items.slice(start, start + batchMax);
  }

  count(): Promise<number> {
    return Promise.resolve([...this.#state.items.values()].filter(({ deleted }) => !deleted).length);
  }
}
