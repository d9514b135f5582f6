import { openModule } from '../web-assembly.ts';
import { BestSums } from './best-sums.ts';
import { fetchLists, type NeighborLists } from './neighbor-lists.ts';

const FILE = new URL('list-sums.wasm', import.meta.url);
/** Up to as many rows every one has a sum: they stay in the processor's cache, and all are looked at for the best. */
const DENSE_ROWS_MAX = 2 ** 13;
/** Entries of a list from elsewhere that are brought in at once. */
const GUESTS_MAX = 1024;
const SPREAD = 0x9e3779b1;

/** What packages/core/assembly/list-sums.ts exports. */
interface Exports {
  place(sums: number, cellBitsMax: number, taken: number, rows: number, values: number): void;
  beginDense(rowCount: number): void;
  addDense(neighbors: number, scores: number, length: number, weight: number): void;
  collectDense(rowCount: number): number;
  beginHashed(expected: number): void;
  addHashed(neighbors: number, scores: number, length: number, weight: number): void;
  collectHashed(): number;
  cellBits(): number;
}

export interface ListSizes {
  /** Lists, of items or of actors. */
  readonly lists: number;
  /** Of all lists together. */
  readonly entries: number;
  /** Rows that entries may name. */
  readonly rows: number;
}

/**
 * Lists of neighbours that lie in WebAssembly's memory, and weighted sums of some of them, one request at a time: a third of
 * the time that JavaScript takes (`node packages/core/bench/retrieval-sources.ts`). Sums are float32, in the order of the
 * additions.
 *
 *   const sums = new ListSums({ lists, entries, rows }); // then fill offsets, neighbors and scores
 *   sums.begin(items, count);                            // the lists that will be added
 *   for (...) sums.add(item, weight);
 *   const found = sums.best(k, excluded, outRows, outSums);
 */
export class ListSums implements NeighborLists {
  readonly offsets: Int32Array;
  readonly neighbors: Int32Array;
  readonly scores: Float32Array;
  readonly #kernel: Exports;
  readonly #rowCount: number;
  readonly #isDense: boolean;
  /** Dense: `[rows]`. Hashed: pairs of (row + 1, sum), `cells` and `sums` over the same memory. */
  readonly #sums: Float32Array;
  readonly #cells: Int32Array;
  readonly #foundRows: Int32Array;
  readonly #foundSums: Float32Array;
  readonly #guestRows: Int32Array;
  readonly #guestScores: Float32Array;
  readonly #best = new BestSums();
  #cellBits = 8;

  /** `bytesOfLists` says what it takes: at most MEMORY_BYTES_MAX. */
  constructor(sizes: ListSizes) {
    const { lists, entries, rows } = sizes;
    const { cellBits, words, taken } = sumsOf(rows);
    this.#rowCount = rows;
    this.#isDense = cellBits === 0;
    const { exports, buffer } = openModule<Exports>(FILE, bytesOfLists(sizes));
    let at = 0;
    const place = (length: number): number => {
      const here = at;
      at += 4 * length;
      return here;
    };
    this.offsets = new Int32Array(buffer, place(lists + 1), lists + 1);
    this.neighbors = new Int32Array(buffer, place(entries), entries);
    this.scores = new Float32Array(buffer, place(entries), entries);
    this.#sums = new Float32Array(buffer, place(words), words);
    this.#cells = new Int32Array(buffer, this.#sums.byteOffset, words);
    const takenAt = place(taken);
    this.#foundRows = new Int32Array(buffer, place(rows + 1), rows + 1);
    this.#foundSums = new Float32Array(buffer, place(rows + 1), rows + 1);
    this.#guestRows = new Int32Array(buffer, place(GUESTS_MAX), GUESTS_MAX);
    this.#guestScores = new Float32Array(buffer, place(GUESTS_MAX), GUESTS_MAX);
    this.#kernel = exports;
    exports.place(this.#sums.byteOffset, cellBits, takenAt, this.#foundRows.byteOffset, this.#foundSums.byteOffset);
  }

  /** Starts over; the lists of the first `count` of `items` are going to be added. */
  begin(items: Int32Array, count: number): void {
    const expected = fetchLists(this, items, count);
    if (this.#isDense) this.#kernel.beginDense(this.#rowCount);
    else this.#kernel.beginHashed(expected);
  }

  /** Adds `weight` times the list of `item`. */
  add(item: number, weight: number): void {
    const from = this.offsets[item]!;
    const { neighbors, scores } = this;
    this.#add(neighbors.byteOffset + 4 * from, scores.byteOffset + 4 * from, this.offsets[item + 1]! - from, weight);
  }

  /** Adds `weight` times a list that lies elsewhere. */
  addGuest(rows: Int32Array, scores: Float32Array, weight: number): void {
    for (let from = 0; from < rows.length; from += GUESTS_MAX) {
      const until = Math.min(from + GUESTS_MAX, rows.length);
      this.#guestRows.set(rows.subarray(from, until));
      this.#guestScores.set(scores.subarray(from, until));
      this.#add(this.#guestRows.byteOffset, this.#guestScores.byteOffset, until - from, weight);
    }
  }

  /** The row's sum, once the best are known; 0 when nothing was added. */
  get(row: number): number {
    if (this.#isDense) return this.#sums[row]!;
    const cells = this.#cells;
    const mask = (1 << this.#cellBits) - 1;
    for (let cell = Math.imul(row, SPREAD) >>> (32 - this.#cellBits); ; cell = (cell + 1) & mask) {
      const known = cells[2 * cell]!;
      if (known === row + 1) return this.#sums[2 * cell + 1]!;
      if (known === 0) return 0;
    }
  }

  /** Writes the `k` rows with the highest sums above 0 that are not excluded, best first, ties by row. Returns how many. */
  best(k: number, excluded: Uint8Array | null, outRows: Int32Array, outSums: Float32Array): number {
    const count = this.#isDense ? this.#kernel.collectDense(this.#rowCount) : this.#kernel.collectHashed();
    this.#cellBits = this.#kernel.cellBits();
    return this.#best.select(k, { rows: this.#foundRows, values: this.#foundSums, count }, excluded, outRows, outSums);
  }

  #add(rows: number, scores: number, length: number, weight: number): void {
    if (this.#isDense) this.#kernel.addDense(rows, scores, length, weight);
    else this.#kernel.addHashed(rows, scores, length, weight);
  }
}

/** What a table of these sizes takes. */
export function bytesOfLists({ lists, entries, rows }: ListSizes): number {
  const { words, taken } = sumsOf(rows);
  // One more row to find: the last is written before it is looked at.
  return 4 * (lists + 1 + 2 * entries + words + taken + 2 * (rows + 1) + 2 * GUESTS_MAX);
}

/** How sums of `rows` lie: dense, or pairs, at least twice as many as rows, and places of those in use. */
function sumsOf(rows: number): { readonly cellBits: number; readonly words: number; readonly taken: number } {
  if (rows <= DENSE_ROWS_MAX) return { cellBits: 0, words: rows, taken: 0 };
  const cellBits = Math.ceil(Math.log2(rows)) + 1;
  return { cellBits, words: 2 ** (cellBits + 1), taken: rows };
}
