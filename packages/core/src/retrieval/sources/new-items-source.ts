import type { Catalog } from '../../catalog/catalog.ts';
import type { CandidateSet } from '../candidate-set.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { readCategoryAffinity } from './category-affinity.ts';
import { Emitter } from './emit.ts';

/** Newest items that are looked at per request. */
const LOOKED_AT_MAX = 200;
/** Halved every 14 days. */
const RATE_PER_S = Math.LN2 / (14 * 86_400);
/** Older than this is not new; a shop that added nothing lately has no new items. */
const AGE_MAX_S = 60 * 86_400;
/** Weight of an item whose category the profile never touched. */
const STRANGER = 0.2;

/** New items that nobody could have found by behaviour yet: newest first, those of the profile's categories before. */
export class NewItemsSource implements CandidateSource {
  readonly name = 'new_items';
  readonly #catalog: Catalog;
  readonly #newestFirst: Int32Array;
  /** The same by category code. */
  readonly #newestByCategory: readonly Int32Array[];
  readonly #affinity: Float32Array;
  readonly #emitter = new Emitter('new_items');

  constructor(catalog: Catalog) {
    const { createdS } = catalog;
    const newestFirst = (rows: Int32Array) => rows.sort((a, b) => createdS[b]! - createdS[a]! || a - b);
    this.#catalog = catalog;
    this.#newestFirst = newestFirst(Int32Array.from({ length: catalog.count }, (_, row) => row));
    this.#newestByCategory = catalog.categories.map((_, code) => newestFirst(catalog.rowsOfCategory(code).slice()));
    this.#affinity = new Float32Array(catalog.categories.length);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    readCategoryAffinity(query, this.#catalog, this.#affinity);
    const { createdS, categoryCodes } = this.#catalog;
    const rows = query.category < 0 ? this.#newestFirst : this.#newestByCategory[query.category]!;
    const { top } = this.#emitter;
    top.reset(k);
    // What comes after the request's time is not there yet: a replay asks about the past.
    const first = firstNotAfter(rows, createdS, query.nowS);
    for (let i = first; i < rows.length && i < first + LOOKED_AT_MAX; i++) {
      const row = rows[i]!;
      const ageS = query.nowS - createdS[row]!;
      if (ageS > AGE_MAX_S) break;
      if (query.excluded?.[row] === 1) continue;
      const affinity = this.#affinity[categoryCodes[row]!] ?? 0;
      top.offer(row, (STRANGER + affinity) * Math.exp(-RATE_PER_S * ageS));
    }
    this.#emitter.emitTop(out);
  }
}

/** Place of the first row, in newest-first order, that was created at `timeS` or before. */
function firstNotAfter(rows: Int32Array, createdS: Float64Array, timeS: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (createdS[rows[middle]!]! > timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}
