import { EVENT_CODE } from '../contracts/events.ts';
import { transformed } from './feature.ts';
import { FIRST_PURCHASE, ItemCounters } from './item-counters.ts';
import { ITEM_FEATURES } from './item-features.ts';

/** The columns of a catalogue that features read; core/catalog's Catalog has them. */
export interface FeatureCatalog {
  readonly count: number;
  /** Rows that there is room for: the length of the arrays. */
  readonly capacity: number;
  /** -1 where an item has none. */
  readonly categoryCodes: Int16Array | Int32Array;
  readonly brandCodes: Int32Array;
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  readonly prices: Float32Array;
  /** Unix seconds. */
  readonly createdS: Float64Array;
}

/** One item at one moment, as an item feature sees it. Reused between rows. */
export interface ItemState {
  row: number;
  /** Row of `counters` and of the times of purchase: in a pod they are kept once for all releases, else it is `row`. */
  counterRow: number;
  asOfS: number;
  readonly catalog: FeatureCatalog;
  readonly counters: ItemCounters;
  /** Share of the item's category that is cheaper, 0..1. */
  pricePercentile: number;
  /** By counter row, unix seconds of the first and last purchase; 0 = never. */
  readonly firstPurchaseS: Float64Array;
  readonly lastPurchaseS: Float64Array;
}

/** Writes the features of the item that `state` is set to into its row of `values`, `[N, Di]`. */
export function writeItemFeatures(state: ItemState, values: Float32Array): void {
  const at = state.row * ITEM_FEATURES.length;
  for (let f = 0; f < ITEM_FEATURES.length; f++) {
    const feature = ITEM_FEATURES[f]!;
    values[at + f] = transformed(feature.value(state), feature.transform);
  }
}

/**
 * The resident item features [N, Di], kept up to date from the event log: apply events in time order, then refresh.
 *
 * Values are as of the start of a tick (`refreshS` seconds): a request at any time within it sees the same numbers
 * whether it is served or replayed, bit for bit, and a row is recomputed at most once a tick.
 */
export class ItemFeatureTable {
  /** [N, Di] float32, row-major, transformed. */
  readonly values: Float32Array;
  readonly refreshS: number;
  readonly #state: ItemState;
  readonly #pricePercentiles: Float32Array;
  readonly #tickOfRow: Float64Array;
  /** Who bought what: `actor * N + row`, to tell a first purchase from a repeat. */
  readonly #bought = new Set<number>();

  constructor(catalog: FeatureCatalog, options: { refreshS?: number } = {}) {
    this.refreshS = options.refreshS ?? 3600;
    this.values = new Float32Array(catalog.count * ITEM_FEATURES.length);
    this.#tickOfRow = new Float64Array(catalog.count).fill(-Infinity);
    this.#pricePercentiles = pricePercentiles(catalog);
    this.#state = {
      row: 0,
      counterRow: 0,
      asOfS: 0,
      catalog,
      counters: new ItemCounters(catalog.count),
      pricePercentile: 0,
      firstPurchaseS: new Float64Array(catalog.count),
      lastPurchaseS: new Float64Array(catalog.count),
    };
  }

  /** Counts one event. `actor` is any stable number of the user or session. */
  apply(actor: number, row: number, type: number, timeS: number): void {
    const { counters, firstPurchaseS, lastPurchaseS, catalog } = this.#state;
    counters.apply(row, type, timeS);
    if (type !== EVENT_CODE.purchase) return;
    const first = firstPurchaseS[row]!;
    if (first === 0 || timeS < first) firstPurchaseS[row] = timeS;
    if (timeS > lastPurchaseS[row]!) lastPurchaseS[row] = timeS;
    const pair = actor * catalog.count + row;
    if (this.#bought.has(pair)) return;
    this.#bought.add(pair);
    counters.apply(row, FIRST_PURCHASE, timeS);
  }

  /** Start of the tick that `timeS` lies in. */
  tickOf(timeS: number): number {
    return Math.floor(timeS / this.refreshS) * this.refreshS;
  }

  /** Brings `row` to the start of the tick of `nowS`, if it is not there. Events after that moment must not be applied yet. */
  refresh(row: number, nowS: number): void {
    const tick = this.tickOf(nowS);
    if (this.#tickOfRow[row] === tick) return;
    this.#tickOfRow[row] = tick;
    this.#compute(row, tick);
  }

  /** Brings every row to exactly `asOfS`, which need not be a tick: what a release ships as item-features.f32. */
  refreshAll(asOfS: number): void {
    this.#tickOfRow.fill(-Infinity);
    for (let row = 0; row < this.#state.catalog.count; row++) this.#compute(row, asOfS);
  }

  #compute(row: number, asOfS: number): void {
    const state = this.#state;
    state.row = row;
    state.counterRow = row;
    state.asOfS = asOfS;
    state.pricePercentile = this.#pricePercentiles[row]!;
    writeItemFeatures(state, this.values);
  }
}

/** Share of the items of the same category that cost less; ties count half, so equal prices get .5. O(N log N), `[N]`. */
export function pricePercentiles({ count, prices, categoryCodes }: FeatureCatalog): Float32Array {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < count; row++) {
    const code = categoryCodes[row]!;
    const rows = rowsOf.get(code);
    if (rows) rows.push(row);
    else rowsOf.set(code, [row]);
  }
  const out = new Float32Array(count);
  for (const rows of rowsOf.values()) {
    const sorted = Float32Array.from(rows, (row) => prices[row]!).sort();
    for (const row of rows) {
      const cheaper = countBelow(sorted, prices[row]!, false);
      out[row] = (cheaper + countBelow(sorted, prices[row]!, true)) / 2 / rows.length;
    }
  }
  return out;
}

/** How many of the ascending `sorted` are below `value`, or not above it. */
function countBelow(sorted: Float32Array, value: number, orEqual: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (orEqual ? sorted[middle]! <= value : sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
