import { SOURCE_COUNT } from './source.ts';

/**
 * The union of what the sources found for one request: flat, reused, no object per candidate.
 *
 * Candidate `c` (0 <= c < count) has item `rows[c]`; source `s` gave it `scores[c * SOURCE_COUNT + s]` at 1-based rank
 * `ranks[c * SOURCE_COUNT + s]`, where rank 0 means that the source did not name it. `slotOf` finds a row's candidate
 * in O(1): a stamp per catalogue row holds the request's epoch, so nothing is cleared between requests.
 */
export class CandidateSet {
  readonly capacity: number;
  readonly rows: Int32Array;
  readonly scores: Float32Array;
  readonly ranks: Uint16Array;
  count = 0;
  readonly #epochOfRow: Int32Array;
  readonly #slotOfRow: Int32Array;
  #epoch = 0;

  /** `itemCount`: rows in the catalogue; `capacity`: most candidates one request may collect before fusion. */
  constructor(itemCount: number, capacity: number) {
    this.capacity = capacity;
    this.rows = new Int32Array(capacity);
    this.scores = new Float32Array(capacity * SOURCE_COUNT);
    this.ranks = new Uint16Array(capacity * SOURCE_COUNT);
    this.#epochOfRow = new Int32Array(itemCount);
    this.#slotOfRow = new Int32Array(itemCount);
  }

  /** Forgets the last request. O(1) in the catalogue. */
  reset(): void {
    this.count = 0;
    this.#epoch += 1;
  }

  /** Candidate number of a row, or -1. */
  slotOf(row: number): number {
    return this.#epochOfRow[row] === this.#epoch ? this.#slotOfRow[row]! : -1;
  }

  /** Notes that `source` found `row` at `rank` (1-based); false when the set is full and the row is new. */
  add(row: number, source: number, score: number, rank: number): boolean {
    let slot = this.slotOf(row);
    if (slot < 0) {
      if (this.count === this.capacity) return false;
      slot = this.count++;
      this.rows[slot] = row;
      this.#epochOfRow[row] = this.#epoch;
      this.#slotOfRow[row] = slot;
      this.scores.fill(0, slot * SOURCE_COUNT, (slot + 1) * SOURCE_COUNT);
      this.ranks.fill(0, slot * SOURCE_COUNT, (slot + 1) * SOURCE_COUNT);
    }
    this.scores[slot * SOURCE_COUNT + source] = score;
    this.ranks[slot * SOURCE_COUNT + source] = rank;
    return true;
  }

  /** Keeps the candidates named in `order[0..keep)` (candidate numbers), in that order. */
  select(order: Int32Array, keep: number): void {
    const rows = Int32Array.from(order.subarray(0, keep), (slot) => this.rows[slot]!);
    const scores = new Float32Array(keep * SOURCE_COUNT);
    const ranks = new Uint16Array(keep * SOURCE_COUNT);
    for (let c = 0; c < keep; c++) {
      const from = order[c]! * SOURCE_COUNT;
      scores.set(this.scores.subarray(from, from + SOURCE_COUNT), c * SOURCE_COUNT);
      ranks.set(this.ranks.subarray(from, from + SOURCE_COUNT), c * SOURCE_COUNT);
    }
    this.#epoch += 1;
    this.rows.set(rows);
    this.scores.set(scores);
    this.ranks.set(ranks);
    this.count = keep;
    for (let c = 0; c < keep; c++) {
      this.#epochOfRow[rows[c]!] = this.#epoch;
      this.#slotOfRow[rows[c]!] = c;
    }
  }
}
