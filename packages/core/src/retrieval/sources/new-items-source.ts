import type { Catalog } from '../../catalog/catalog.ts';
import type { CandidateSet } from '../candidate-set.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { readCategoryAffinity } from './category-affinity.ts';
import { Emitter } from './emit.ts';

/** Newest items that are looked at per request. */
const NEWEST = 500;
const HALF_LIFE_S = 14 * 86_400;
/** Weight of an item whose category the profile never touched. */
const STRANGER = 0.2;

/** New items that nobody could have found by behaviour yet: newest first, those of the profile's categories before. */
export class NewItemsSource implements CandidateSource {
  readonly name = 'new_items';
  readonly #catalog: Catalog;
  readonly #byNewest: Int32Array;
  readonly #affinity: Float32Array;
  readonly #emitter = new Emitter('new_items');

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    this.#byNewest = Int32Array.from({ length: catalog.count }, (_, row) => row)
      .sort((a, b) => catalog.createdS[b]! - catalog.createdS[a]! || a - b)
      .slice(0, NEWEST);
    this.#affinity = new Float32Array(catalog.categories.length);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    readCategoryAffinity(query, this.#catalog, this.#affinity);
    const { top } = this.#emitter;
    top.reset(k);
    for (const row of this.#byNewest) {
      const ageS = query.nowS - this.#catalog.createdS[row]!;
      const category = this.#catalog.categoryCodes[row]!;
      if (ageS < 0 || query.excluded?.[row] === 1) continue;
      if (query.category >= 0 && category !== query.category) continue;
      top.offer(row, (STRANGER + this.#affinity[category]!) * 2 ** (-ageS / HALF_LIFE_S));
    }
    this.#emitter.emitTop(out);
  }
}
