import type { CandidateSet } from '../candidate-set.ts';
import type { RankedList, RankedLists } from '../ranked-lists.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { Emitter, SOURCE_K_MAX } from './emit.ts';

const WINDOWS = { trending: ['7d', '30d', 'all'], popular: ['all'] } as const;

/**
 * What sells, whoever asks: `trending` of the last 7 days, then of 30, then of all time; `popular` of all time. Of the
 * asked category if there is one.
 */
export class RankedListSource implements CandidateSource {
  readonly name: 'trending' | 'popular';
  /** By category code; -1 is the whole shop. */
  readonly #lists: ReadonlyMap<number, RankedList>;
  readonly #emitter: Emitter;

  constructor(name: 'trending' | 'popular', lists: RankedLists) {
    this.name = name;
    this.#lists = new Map(
      lists.categories().map((category) => [category, lists.merged(WINDOWS[name], category, SOURCE_K_MAX)]),
    );
    this.#emitter = new Emitter(name);
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
