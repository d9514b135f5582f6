import type { Catalog } from '../../catalog/catalog.ts';
import type { CandidateSet } from '../candidate-set.ts';
import type { RankedList, RankedLists } from '../ranked-lists.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { readCategoryAffinity, roomForCategories } from './category-affinity.ts';
import { Emitter, SOURCE_K_MAX } from './emit.ts';

/** Categories with less of the profile's interest than this are passed over. */
const AFFINITY_MIN = 0.05;

/** Best-sellers of the categories that the profile is about: score = affinity * the item's share of its list's best. */
export class CategorySource implements CandidateSource {
  readonly name = 'category';
  readonly #catalog: Catalog;
  readonly #lists: ReadonlyMap<number, RankedList>;
  #affinity: Float32Array;
  readonly #emitter = new Emitter('category');

  constructor(catalog: Catalog, lists: RankedLists) {
    this.#catalog = catalog;
    this.#lists = new Map(
      lists.categories().map((category) => [category, lists.merged(['30d', 'all'], category, SOURCE_K_MAX)]),
    );
    this.#affinity = new Float32Array(catalog.categories.length);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    this.#affinity = roomForCategories(this.#affinity, this.#catalog);
    if (query.category >= 0) this.#affinity.fill(0)[query.category] = 1;
    else readCategoryAffinity(query, this.#catalog, this.#affinity);
    const { top } = this.#emitter;
    top.reset(k);
    for (let category = 0; category < this.#affinity.length; category++) {
      const affinity = this.#affinity[category]!;
      if (affinity < AFFINITY_MIN) continue;
      const list = this.#lists.get(category);
      if (list !== undefined) this.#offer(list, affinity / list.scores[0]!, query.excluded);
    }
    this.#emitter.emitTop(out);
  }

  /** Offers the list's rows until one would not get in: those after it would not either. */
  #offer({ rows, scores }: RankedList, scale: number, excluded: Uint8Array | null): void {
    const { top } = this.#emitter;
    for (let i = 0; i < rows.length; i++) {
      const score = scale * scores[i]!;
      if (score < top.threshold) return;
      if (excluded?.[rows[i]!] !== 1) top.offer(rows[i]!, score);
    }
  }
}
