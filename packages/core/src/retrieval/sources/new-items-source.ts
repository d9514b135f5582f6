import type { Catalog } from '../../catalog/catalog.ts';
import { atOnce, type Pieces } from '../../catalog/pieces.ts';
import type { CandidateSet } from '../candidate-set.ts';
import { rowsByFalling } from '../sort-rows.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { readCategoryAffinity, roomForCategories } from './category-affinity.ts';
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
  readonly #newest: NewestFirst;
  /** The same by category code. */
  readonly #newestByCategory: NewestFirst[];
  #affinity: Float32Array;
  readonly #emitter = new Emitter('new_items');

  /** `newest`: all rows as `newestFirst` gives them, taken over. */
  constructor(catalog: Catalog, newest = atOnce(newestFirst(catalog))) {
    this.#catalog = catalog;
    this.#newestByCategory = byCategory(newest, catalog).map((rows) => new NewestFirst(rows, catalog));
    this.#newest = new NewestFirst(newest, catalog);
    this.#affinity = new Float32Array(catalog.categories.length);
    catalog.onPlacement((row, before) => this.#place(row, before));
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    this.#affinity = roomForCategories(this.#affinity, this.#catalog);
    readCategoryAffinity(query, this.#catalog, this.#affinity);
    const { createdS, categoryCodes } = this.#catalog;
    const { rows, count } = query.category < 0 ? this.#newest : this.#newestByCategory[query.category]!;
    const { top } = this.#emitter;
    top.reset(k);
    // What comes after the request's time is not there yet: a replay asks about the past.
    const first = firstNotAfter(rows, count, createdS, query.nowS);
    for (let i = first; i < count && i < first + LOOKED_AT_MAX; i++) {
      const row = rows[i]!;
      const ageS = query.nowS - createdS[row]!;
      if (ageS > AGE_MAX_S) break;
      if (query.excluded?.[row] === 1) continue;
      const affinity = this.#affinity[categoryCodes[row]!] ?? 0;
      top.offer(row, (STRANGER + affinity) * Math.exp(-RATE_PER_S * ageS));
    }
    this.#emitter.emitTop(out);
  }

  /** A row has been appended, or moved here from category `before`. */
  #place(row: number, before: number): void {
    const { categoryCodes, categories } = this.#catalog;
    while (this.#newestByCategory.length < categories.length)
      this.#newestByCategory.push(new NewestFirst(new Int32Array(0), this.#catalog));
    this.#newestByCategory[before]?.remove(row);
    this.#newestByCategory[categoryCodes[row]!]?.insert(row);
    if (row === this.#newest.count) this.#newest.insert(row);
  }
}

/** Rows sorted by falling time of creation, ties by row; `rows[0..count)`. */
class NewestFirst {
  rows: Int32Array;
  count: number;
  readonly #createdS: Float64Array;

  /** `rows`: in this order already, taken over. */
  constructor(rows: Int32Array, { createdS }: Catalog) {
    this.rows = rows;
    this.count = rows.length;
    this.#createdS = createdS;
  }

  insert(row: number): void {
    if (this.count === this.rows.length) {
      const larger = new Int32Array(Math.max(4, 2 * this.count));
      larger.set(this.rows);
      this.rows = larger;
    }
    const place = this.#placeOf(row);
    this.rows.copyWithin(place + 1, place, this.count++);
    this.rows[place] = row;
  }

  remove(row: number): void {
    const place = this.#placeOf(row);
    if (this.rows[place] === row) this.rows.copyWithin(place, place + 1, this.count--);
  }

  /** Where the row stands, or would stand. */
  #placeOf(row: number): number {
    const timeS = this.#createdS[row]!;
    let place = firstNotAfter(this.rows, this.count, this.#createdS, timeS);
    while (place < this.count && this.#createdS[this.rows[place]!] === timeS && this.rows[place]! < row) place += 1;
    return place;
  }
}

/** Place of the first of `rows[0..count)`, in newest-first order, that was created at `timeS` or before. */
function firstNotAfter(rows: Int32Array, count: number, createdS: Float64Array, timeS: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (createdS[rows[middle]!]! > timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows of each category, in the order of `rows`. */
function byCategory(rows: Int32Array, catalog: Catalog): Int32Array[] {
  const lists = catalog.categories.map((_, code) => new Int32Array(catalog.rowsOfCategory(code).length));
  const sizes = new Int32Array(lists.length);
  for (const row of rows) {
    const code = catalog.categoryCodes[row]!;
    if (code >= 0) lists[code]![sizes[code]!++] = row;
  }
  return lists;
}

/** All rows by falling time of creation, ties by row. */
export const newestFirst = ({ count, createdS }: Catalog): Pieces<Int32Array<ArrayBuffer>> =>
  rowsByFalling(createdS, count);
