import type { CandidateSet } from '../candidate-set.ts';
import { stacked, type RankedList, type RankedLists } from '../ranked-lists.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { Emitter, SOURCE_K_MAX } from './emit.ts';

const WINDOWS = { trending: ['7d', '30d', 'all'], popular: ['all'] } as const;

/**
 * What sells, whoever asks: `trending` of the last 7 days, then of 30, then of all time; `popular` of all time. Of the
 * asked category if there is one. A pod lays what trends right now over the release's lists.
 */
export class RankedListSource implements CandidateSource {
  readonly name: 'trending' | 'popular';
  /** By category code; -1 is the whole shop. */
  readonly #released: ReadonlyMap<number, RankedList>;
  /** The same with the live lists laid over them. */
  #lists: ReadonlyMap<number, RankedList>;
  readonly #emitter: Emitter;

  constructor(name: 'trending' | 'popular', lists: RankedLists) {
    this.name = name;
    this.#released = new Map(
      lists.categories().map((category) => [category, lists.merged(WINDOWS[name], category, SOURCE_K_MAX)]),
    );
    this.#lists = this.#released;
    this.#emitter = new Emitter(name);
  }

  /**
   * Puts live lists, by category code, before the release's: what they do not name follows behind. They are scaled to the
   * best score of the release's list, since models were trained on scores of that size.
   */
  overlay(live: ReadonlyMap<number, RankedList>): void {
    const lists = new Map(this.#released);
    for (const [category, list] of live) {
      const released = this.#released.get(category);
      const first = list.scores[0] ?? 0;
      if (released === undefined || first <= 0) {
        if (first > 0) lists.set(category, list);
        continue;
      }
      const scale = released.scores[0]! / first;
      const scaled = { rows: list.rows, scores: list.scores.map((score) => score * scale) };
      lists.set(category, stacked([scaled, released], SOURCE_K_MAX));
    }
    this.#lists = lists;
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    const list = this.#lists.get(query.category < 0 ? -1 : query.category);
    if (list === undefined) return;
    const { rows, scores } = list;
    let count = 0;
    for (let i = 0; i < rows.length && count < k; i++) {
      if (query.excluded?.[rows[i]!] === 1) continue;
      this.#emitter.rows[count] = rows[i]!;
      this.#emitter.scores[count] = scores[i]!;
      count += 1;
    }
    this.#emitter.emitRanked(count, out);
  }
}
