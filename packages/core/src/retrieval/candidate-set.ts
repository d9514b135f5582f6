import { SOURCE_COUNT } from './source.ts';

const EPOCH_MAX = 0x7fffffff;

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
  readonly #scratch: { readonly rows: Int32Array; readonly scores: Float32Array; readonly ranks: Uint16Array };
  readonly #epochOfRow: Int32Array;
  readonly #slotOfRow: Int32Array;
  #epoch: number;

  /**
   * `itemCount`: rows in the catalogue; `capacity`: most candidates one request may collect before fusion;
   * `firstEpoch`: for tests of the wrap-around.
   */
  constructor(itemCount: number, capacity: number, firstEpoch = 0) {
    this.capacity = capacity;
    this.#epoch = firstEpoch;
    this.rows = new Int32Array(capacity);
    this.scores = new Float32Array(capacity * SOURCE_COUNT);
    this.ranks = new Uint16Array(capacity * SOURCE_COUNT);
    this.#scratch = {
      rows: new Int32Array(capacity),
      scores: new Float32Array(capacity * SOURCE_COUNT),
      ranks: new Uint16Array(capacity * SOURCE_COUNT),
    };
    this.#epochOfRow = new Int32Array(itemCount).fill(-1);
    this.#slotOfRow = new Int32Array(itemCount);
  }

  /** Forgets the last request. O(1) in the catalogue. */
  reset(): void {
    this.count = 0;
    this.#nextEpoch();
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
      for (let i = slot * SOURCE_COUNT; i < (slot + 1) * SOURCE_COUNT; i++) {
        this.scores[i] = 0;
        this.ranks[i] = 0;
      }
    }
    this.scores[slot * SOURCE_COUNT + source] = score;
    this.ranks[slot * SOURCE_COUNT + source] = rank;
    return true;
  }

  /** A busy pod gets through 2^31 epochs in days; a stale stamp must never look like this request's. */
  #nextEpoch(): void {
    if (this.#epoch === EPOCH_MAX) this.#epochOfRow.fill(-1);
    this.#epoch = this.#epoch === EPOCH_MAX ? 0 : this.#epoch + 1;
  }

  /** Keeps the candidates named in `order[0..keep)` (candidate numbers), in that order. */
  select(order: Int32Array, keep: number): void {
    const { rows, scores, ranks } = this.#scratch;
    for (let c = 0; c < keep; c++) {
      const from = order[c]!;
      rows[c] = this.rows[from]!;
      for (let s = 0; s < SOURCE_COUNT; s++) {
        scores[c * SOURCE_COUNT + s] = this.scores[from * SOURCE_COUNT + s]!;
        ranks[c * SOURCE_COUNT + s] = this.ranks[from * SOURCE_COUNT + s]!;
      }
    }
    this.#nextEpoch();
    this.count = keep;
    for (let c = 0; c < keep; c++) {
      this.rows[c] = rows[c]!;
      this.#epochOfRow[rows[c]!] = this.#epoch;
      this.#slotOfRow[rows[c]!] = c;
    }
    for (let i = 0; i < keep * SOURCE_COUNT; i++) {
      this.scores[i] = scores[i]!;
      this.ranks[i] = ranks[i]!;
    }
  }
}
