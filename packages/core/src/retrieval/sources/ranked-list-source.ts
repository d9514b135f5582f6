import type { CandidateSet } from '../candidate-set.ts';
import type { RankedLists, Window } from '../ranked-lists.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { Emitter } from './emit.ts';

/** What sells, whoever asks: `trending` of the last days, `popular` of all time; of the asked category if there is one. */
export class RankedListSource implements CandidateSource {
  readonly name: 'trending' | 'popular';
  readonly #lists: RankedLists;
  readonly #windows: readonly Window[];
  readonly #emitter: Emitter;

  constructor(name: 'trending' | 'popular', lists: RankedLists) {
    this.name = name;
    this.#lists = lists;
    this.#windows = name === 'trending' ? ['7d', '30d', 'all'] : ['all'];
    this.#emitter = new Emitter(name);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    const { rows, scores } = this.#lists.firstOf(this.#windows, query.category);
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
