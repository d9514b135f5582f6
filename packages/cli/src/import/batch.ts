import type { NewEvent, PreparedEvents } from '@shortlist/core/stores/event-store.ts';
import type { Impression } from '@shortlist/core/stores/impression-store.ts';
import type { Item } from '@shortlist/core/stores/item-store.ts';
import type { Stores } from '@shortlist/core/stores/stores.ts';
import { count, type Counts } from './counts.ts';
import type { RejectsFile } from './rejects-file.ts';
import type { Sink } from './sink.ts';

/** Stored as another event: the first one stays. */
export const CONFLICTS = 'events not stored, another one has their id';

/** What was found on some lines, on its way into one transaction. */
export class Batch implements Sink {
  readonly #found: Counts;
  readonly #rejects: RejectsFile;
  readonly #events: PreparedEvents;
  readonly #items: Item[] = [];
  readonly #seenItems: Item[] = [];
  readonly #impressions: Impression[] = [];

  constructor({ events }: Pick<Stores, 'events'>, found: Counts, rejects: RejectsFile) {
    this.#events = events.prepare();
    this.#found = found;
    this.#rejects = rejects;
  }

  event(event: NewEvent): void {
    this.#events.add(event);
  }

  item(item: Item): void {
    this.#items.push(item);
  }

  seenItem(item: Item): void {
    this.#seenItems.push(item);
  }

  impression(impression: Impression): void {
    this.#impressions.push(impression);
  }

  drop(reason: string): void {
    count(this.#found, `dropped: ${reason}`);
  }

  reject(line: number, reason: string, raw: string): void {
    count(this.#found, 'rejected');
    this.#rejects.add(line, reason, raw);
  }

  /** Works out ahead what needs no database. Nothing may be added after it. */
  finish(): void {
    this.#events.finish();
  }

  /** Writes everything; returns how much of it was new. */
  async store({ items, events, impressions }: Stores): Promise<Counts> {
    const counts: Counts = {};
    const note = (name: string, value: number) => {
      if (value > 0) count(counts, `stored: ${name}`, value);
    };
    if (this.#items.length > 0) {
      const { inserted, updated, unchanged } = await items.upsert(this.#items);
      note('items new', inserted);
      note('items changed', updated);
      note('items unchanged', unchanged);
    }
    if (this.#seenItems.length > 0) {
      const inserted = await items.insertMissing(this.#seenItems);
      note('items new', inserted);
      note('items unchanged', this.#seenItems.length - inserted);
    }
    if (this.#events.count > 0) {
      const { inserted, duplicates, conflicts } = await events.append(this.#events);
      note('events new', inserted);
      note('events already there', duplicates - conflicts);
      note(CONFLICTS, conflicts);
    }
    if (this.#impressions.length > 0) {
      const { inserted, duplicates } = await impressions.append(this.#impressions);
      note('impressions new', inserted);
      note('impressions already there', duplicates);
    }
    return counts;
  }
}
