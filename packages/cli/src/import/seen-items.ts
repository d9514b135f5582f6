import type { Sink } from './sink.ts';

/** The items of an event file by the time of their first event, for sources that have no catalogue. */
export class SeenItems {
  readonly #firstS = new Map<string, number>();

  see(itemId: string, timeS: number): void {
    const first = this.#firstS.get(itemId);
    if (first === undefined || timeS < first) this.#firstS.set(itemId, timeS);
  }

  /** Hands them over under placeholder titles, in order of first appearance in the file. */
  emit(sink: Sink): void {
    for (const [itemId, createdAtS] of this.#firstS) {
      const title = `Item ${itemId}`;
      const rest = { category: '', brand: '', price: 0, available: true, attributes: {} };
      sink.seenItem({ itemId, title, createdAtS, ...rest });
    }
  }
}
