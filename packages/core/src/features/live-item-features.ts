import type { Catalog } from '../catalog/catalog.ts';
import { transformed } from './feature.ts';
import { itemFeatureIndex, ITEM_FEATURES } from './item-features.ts';
import { writeItemFeatures, type ItemState } from './item-table.ts';
import { NO_COUNTERS, type LiveCounters } from './live-counters.ts';

const PRICE = itemFeatureIndex('item_price');
/** As it is: the table holds the very value. */
const PRICE_PERCENTILE = itemFeatureIndex('item_price_percentile');

/**
 * Keeps the resident item features of one release, `[capacity, Di]`, up to date in place: by the functions that training
 * replays history through, so that what is served at a time T is, to the bit, what training would compute as of T from
 * the same counters (test/features/live-item-features.test.ts).
 *
 * A release's own features stand until the pod knows counters: a row without any is only recomputed when `complete` says
 * that none is missing, since otherwise it would look as if nobody had ever bought it. Where an item's price stands among
 * those of its category stays as of the release; of a new item it is computed when it comes.
 */
export class LiveItemFeatures {
  /** Whether every item that was ever counted is in the live counters. */
  complete = false;
  readonly #catalog: Catalog;
  readonly #values: Float32Array;
  readonly #counters: LiveCounters;
  readonly #state: ItemState;
  /** [capacity] looked up when a row first has counters. */
  readonly #counterRows: Int32Array;

  /** `values`: the table that the rankers read, of this build's feature list, as the release has it. */
  constructor(catalog: Catalog, values: Float32Array, counters: LiveCounters) {
    if (values.length !== catalog.capacity * ITEM_FEATURES.length)
      throw new Error(`${values.length} values are not ${catalog.capacity} rows of ${ITEM_FEATURES.length} features`);
    this.#catalog = catalog;
    this.#values = values;
    this.#counters = counters;
    this.#counterRows = new Int32Array(catalog.capacity);
    this.#state = {
      row: 0,
      counterRow: NO_COUNTERS,
      asOfS: 0,
      catalog,
      counters: counters.counters,
      pricePercentile: 0,
      get firstPurchaseS() {
        return counters.firstPurchaseS;
      },
      get lastPurchaseS() {
        return counters.lastPurchaseS;
      },
    };
  }

  /** Fills the features of a row that has just been appended. O(items of its category). */
  addRow(row: number, asOfS: number): void {
    this.#values[row * ITEM_FEATURES.length + PRICE_PERCENTILE] = this.#shareThatIsCheaper(row);
    this.#write(row, asOfS);
  }

  /** Writes a changed price, which stands by itself: the rest follows with the next refresh. */
  setPrice(row: number): void {
    const { name: _, transform } = ITEM_FEATURES[PRICE]!;
    this.#values[row * ITEM_FEATURES.length + PRICE] = transformed(this.#catalog.prices[row]!, transform);
  }

  /** Brings a row to `asOfS`; about 4 us (`make bench SUITE=follow`). */
  refresh(row: number, asOfS: number): void {
    if (this.#counterRowOf(row) !== NO_COUNTERS || this.complete) this.#write(row, asOfS);
  }

  #counterRowOf(row: number): number {
    const known = this.#counterRows[row]!;
    if (known !== NO_COUNTERS) return known;
    return (this.#counterRows[row] = this.#counters.rowOf(this.#catalog.itemIds[row]!));
  }

  #write(row: number, asOfS: number): void {
    const state = this.#state;
    state.row = row;
    state.counterRow = this.#counterRowOf(row);
    state.asOfS = asOfS;
    state.pricePercentile = this.#values[row * ITEM_FEATURES.length + PRICE_PERCENTILE]!;
    writeItemFeatures(state, this.#values);
  }

  /** As pricePercentiles counts: ties half, the item itself among them. */
  #shareThatIsCheaper(row: number): number {
    const { categoryCodes, prices } = this.#catalog;
    const rows = this.#catalog.rowsOfCategory(categoryCodes[row]!);
    if (rows.length === 0) return 0.5;
    let twice = 0;
    for (const other of rows) twice += prices[other]! < prices[row]! ? 2 : prices[other] === prices[row] ? 1 : 0;
    return twice / 2 / rows.length;
  }
}
