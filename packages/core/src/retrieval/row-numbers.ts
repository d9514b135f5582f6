/** Cells for the first rows; twice as many whenever half of them are taken. */
const CELLS_FIRST = 4096;
/** 2^32 / golden ratio: spreads rows that follow each other. Source: Knuth, TAOCP 3, section 6.4. */
const SPREAD = 0x9e3779b1;

/**
 * Numbers the rows of one request 0, 1, 2, ... in the order in which they come. Open addressing in some ten KB, which stay in
 * the processor's cache; an array over the whole catalogue would answer from memory, and with a million items that was
 * two fifths of the time that retrieval took.
 */
export class RowNumbers {
  count = 0;
  /** Pairs: row, number + 1; 0 is an empty cell. */
  #cells = new Int32Array(2 * CELLS_FIRST);
  #mask = CELLS_FIRST - 1;
  #shift = 32 - Math.log2(CELLS_FIRST);
  /** Cell of each number. */
  #taken = new Int32Array(CELLS_FIRST / 2 + 1);

  /** Forgets all rows. O(rows): what was not touched stays where it is, in the cache or not. */
  reset(): void {
    const cells = this.#cells;
    const taken = this.#taken;
    for (let number = 0; number < this.count; number++) cells[2 * taken[number]! + 1] = 0;
    this.count = 0;
  }

  /** Number of `row`, or -1. */
  get(row: number): number {
    const cells = this.#cells;
    for (let cell = Math.imul(row, SPREAD) >>> this.#shift; ; cell = (cell + 1) & this.#mask) {
      const number = cells[2 * cell + 1]!;
      if (number === 0 || cells[2 * cell] === row) return number - 1;
    }
  }

  /** Number of `row`, which gets the next one, `count`, when it has none yet. */
  add(row: number): number {
    const cells = this.#cells;
    for (let cell = Math.imul(row, SPREAD) >>> this.#shift; ; cell = (cell + 1) & this.#mask) {
      const number = cells[2 * cell + 1]!;
      if (number === 0) {
        cells[2 * cell] = row;
        this.#taken[this.count] = cell;
        cells[2 * cell + 1] = ++this.count;
        if (2 * this.count > this.#mask) this.#grow();
        return this.count - 1;
      }
      if (cells[2 * cell] === row) return number - 1;
    }
  }

  #grow(): void {
    const before = this.#cells;
    this.#cells = new Int32Array(2 * before.length);
    this.#mask = before.length - 1;
    this.#shift -= 1;
    this.#taken = new Int32Array(before.length / 2 + 1);
    for (let at = 0; at < before.length; at += 2) {
      if (before[at + 1] === 0) continue;
      let cell = Math.imul(before[at]!, SPREAD) >>> this.#shift;
      while (this.#cells[2 * cell + 1] !== 0) cell = (cell + 1) & this.#mask;
      this.#cells[2 * cell] = before[at]!;
      this.#cells[2 * cell + 1] = before[at + 1]!;
      this.#taken[before[at + 1]! - 1] = cell;
    }
  }
}
