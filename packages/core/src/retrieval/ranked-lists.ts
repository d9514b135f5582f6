import { ArrowTable } from '../catalog/arrow-table.ts';
import type { Catalog } from '../catalog/catalog.ts';

/** Rows best first, with their scores. */
export interface RankedList {
  readonly rows: Int32Array;
  readonly scores: Float32Array;
}

export const WINDOWS = ['7d', '30d', 'all'] as const;
export type Window = (typeof WINDOWS)[number];

const EMPTY: RankedList = { rows: new Int32Array(0), scores: new Float32Array(0) };

/** What sells: overall and per category, decayed over 7 and 30 days, and over all time. */
export class RankedLists {
  readonly #overall = new Map<Window, RankedList>();
  readonly #byCategory = new Map<Window, Map<number, RankedList>>();

  /** From `trending.arrow` (window, category, row, score), best first within a list; category '' is the whole shop. */
  static fromArrow(bytes: Uint8Array, catalog: Catalog): RankedLists {
    const table = new ArrowTable(bytes);
    const windows = table.texts('window');
    const categories = table.texts('category');
    const rows = table.numbers('row', Int32Array);
    const scores = table.numbers('score', Float32Array);
    const lists = new RankedLists();
    for (let start = 0; start < rows.length;) {
      let end = start + 1;
      while (end < rows.length && windows[end] === windows[start] && categories[end] === categories[start]) end += 1;
      const list = { rows: rows.slice(start, end), scores: scores.slice(start, end) };
      for (const row of list.rows)
        if (row < 0 || row >= catalog.count) throw new Error(`trending row ${row} is not in the catalogue`);
      lists.#put(windows[start]! as Window, categories[start]!, list, catalog);
      start = end;
    }
    return lists;
  }

  #put(window: Window, category: string, list: RankedList, catalog: Catalog): void {
    if (!WINDOWS.includes(window)) throw new Error(`unknown window ${window}`);
    if (category === '') {
      this.#overall.set(window, list);
      return;
    }
    const code = catalog.categoryCode(category);
    if (code < 0) return;
    const lists = this.#byCategory.get(window) ?? new Map<number, RankedList>();
    this.#byCategory.set(window, lists.set(code, list));
  }

  /** The list of a category, or of the shop for -1; empty when nothing sold. */
  list(window: Window, category: number): RankedList {
    return (category < 0 ? this.#overall.get(window) : this.#byCategory.get(window)?.get(category)) ?? EMPTY;
  }

  /** The first of the windows in which something sold. */
  firstOf(windows: readonly Window[], category: number): RankedList {
    return windows.map((window) => this.list(window, category)).find((list) => list.rows.length > 0) ?? EMPTY;
  }
}
