import { ArrowColumns } from '../catalog/arrow-columns.ts';
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
  /** By window, then by category code; -1 is the whole shop. */
  readonly #lists = new Map<Window, Map<number, RankedList>>(WINDOWS.map((window) => [window, new Map()]));

  /**
   * From `trending.arrow` (window, category, row, score), best first within a list; category '' is the whole shop.
   * Errors: `release_file_invalid`.
   */
  static fromArrow(bytes: Uint8Array, catalog: Catalog, file = 'trending.arrow'): RankedLists {
    const columns = new ArrowColumns(bytes, file);
    const windows = columns.text('window');
    const categories = columns.text('category');
    const rows = columns.rows('row', catalog.count);
    const scores = columns.scores('score');
    const lists = new RankedLists();
    for (let start = 0; start < rows.length;) {
      let end = start + 1;
      while (end < rows.length && windows[end] === windows[start] && categories[end] === categories[start]) end += 1;
      const ofWindow = lists.#lists.get(windows[start] as Window);
      if (ofWindow === undefined) throw columns.refuse(`unknown window ${windows[start]!} at line ${start}`);
      const category = categories[start]!;
      const code = category === '' ? -1 : catalog.categoryCode(category);
      if (category === '' || code >= 0)
        ofWindow.set(code, { rows: rows.slice(start, end), scores: scores.slice(start, end) });
      start = end;
    }
    return lists;
  }

  /** The list of a category, or of the shop for -1; empty when nothing sold. */
  list(window: Window, category: number): RankedList {
    return this.#lists.get(window)?.get(category) ?? EMPTY;
  }

  /** Codes of the categories that have a list in some window; -1 for the whole shop. */
  categories(): readonly number[] {
    return [...new Set(WINDOWS.flatMap((window) => [...this.#lists.get(window)!.keys()]))];
  }

  /** One list out of several windows, at most `max` rows; see `stacked`. */
  merged(windows: readonly Window[], category: number, max: number): RankedList {
    return stacked(
      windows.map((window) => this.list(window, category)),
      max,
    );
  }
}

/**
 * One list out of several: all of the first, then what only the next one has, and so on, at most `max` rows. The scores of
 * later lists are scaled to continue below the former's, so that they fall all the way.
 */
export function stacked(lists: readonly RankedList[], max: number): RankedList {
  const rows: number[] = [];
  const scores: number[] = [];
  const seen = new Set<number>();
  for (const list of lists) {
    const fresh = [...list.rows.keys()].filter((i) => !seen.has(list.rows[i]!));
    const first = fresh[0] === undefined ? 0 : list.scores[fresh[0]]!;
    const scale = scores.length === 0 || first === 0 ? 1 : Math.min(1, scores[scores.length - 1]! / first);
    for (const i of fresh) {
      if (rows.length === max) break;
      seen.add(list.rows[i]!);
      rows.push(list.rows[i]!);
      scores.push(list.scores[i]! * scale);
    }
  }
  return rows.length === 0 ? EMPTY : { rows: Int32Array.from(rows), scores: Float32Array.from(scores) };
}
