import type { Catalog } from '../../catalog/catalog.ts';
import type { CandidateSet } from '../candidate-set.ts';
import type { RankedLists } from '../ranked-lists.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { readCategoryAffinity } from './category-affinity.ts';
import { Emitter } from './emit.ts';

/** Categories with less of the profile's interest than this are passed over. */
const AFFINITY_MIN = 0.05;

/** Best-sellers of the categories that the profile is about: score = affinity * the item's share of its list's best. */
export class CategorySource implements CandidateSource {
  readonly name = 'category';
  readonly #catalog: Catalog;
  readonly #lists: RankedLists;
  readonly #affinity: Float32Array;
  readonly #emitter = new Emitter('category');

  constructor(catalog: Catalog, lists: RankedLists) {
    this.#catalog = catalog;
    this.#lists = lists;
    this.#affinity = new Float32Array(catalog.categories.length);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    if (query.category >= 0) this.#affinity.fill(0)[query.category] = 1;
    else readCategoryAffinity(query, this.#catalog, this.#affinity);
    const { top } = this.#emitter;
    top.reset(k);
    for (let category = 0; category < this.#affinity.length; category++) {
      const affinity = this.#affinity[category]!;
      if (affinity < AFFINITY_MIN) continue;
      const { rows, scores } = this.#lists.firstOf(['30d', 'all'], category);
      for (let i = 0; i < rows.length && i < k; i++)
        if (query.excluded?.[rows[i]!] !== 1) top.offer(rows[i]!, (affinity * scores[i]!) / scores[0]!);
    }
    this.#emitter.emitTop(out);
  }
}
