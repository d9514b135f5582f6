import { RowNumbers } from './row-numbers.ts';
import { SOURCE_COUNT } from './source.ts';

/** The columns of a set, twice: `select` writes the survivors into the one that is not in use, then they change places. */
class Columns {
  readonly rows: Int32Array;
  readonly scores: Float32Array;
  readonly ranks: Uint16Array;
  readonly namedBy: Uint16Array;

  constructor(capacity: number) {
    this.rows = new Int32Array(capacity);
    this.scores = new Float32Array(capacity * SOURCE_COUNT);
    this.ranks = new Uint16Array(capacity * SOURCE_COUNT);
    this.namedBy = new Uint16Array(capacity);
  }
}

/**
 * The union of what the sources found for one request: flat, reused, no object per candidate.
 *
 * Candidate `c` (0 <= c < count) has item `rows[c]`; source `s` gave it `scores[c * SOURCE_COUNT + s]` at 1-based rank
 * `ranks[c * SOURCE_COUNT + s]`, where rank 0 means that the source did not name it. `slotOf` finds a row's candidate
 * in O(1).
 *
 * `rows`, `scores` and `ranks` are other arrays after `select`: take them from the set anew.
 */
export class CandidateSet {
  readonly capacity: number;
  /** Candidates that each source named since `reset`; `select` leaves them as they are. */
  readonly found = new Int32Array(SOURCE_COUNT);
  readonly #numbers = new RowNumbers();
  #columns: Columns;
  #spare: Columns;

  /** `capacity`: most candidates one request may collect before fusion. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#columns = new Columns(capacity);
    this.#spare = new Columns(capacity);
  }

  get count(): number {
    return this.#numbers.count;
  }

  get rows(): Int32Array {
    return this.#columns.rows;
  }

  get scores(): Float32Array {
    return this.#columns.scores;
  }

  get ranks(): Uint16Array {
    return this.#columns.ranks;
  }

  /** Bit `s` of candidate `c` says that source `s` named it: most have one or two ranks of eleven. */
  get namedBy(): Uint16Array {
    return this.#columns.namedBy;
  }

  /** Forgets the last request. */
  reset(): void {
    this.#numbers.reset();
    this.found.fill(0);
  }

  /** Candidate number of a row, or -1. */
  slotOf(row: number): number {
    return this.#numbers.get(row);
  }

  /** Notes that `source` found `row` at `rank` (1-based); false when the set is full and the row is new. */
  add(row: number, source: number, score: number, rank: number): boolean {
    const slot = this.include(row);
    if (slot < 0) return false;
    const { scores, ranks, namedBy } = this.#columns;
    this.found[source]! += 1;
    namedBy[slot]! |= 1 << source;
    scores[slot * SOURCE_COUNT + source] = score;
    ranks[slot * SOURCE_COUNT + source] = rank;
    return true;
  }

  /** Candidate number of `row`, which becomes one that no source found, if it is none yet; -1 when the set is full. */
  include(row: number): number {
    const before = this.#numbers.count;
    if (before === this.capacity) return this.#numbers.get(row);
    const slot = this.#numbers.add(row);
    if (slot < before) return slot;
    const { rows, scores, ranks, namedBy } = this.#columns;
    rows[slot] = row;
    namedBy[slot] = 0;
    for (let i = slot * SOURCE_COUNT; i < (slot + 1) * SOURCE_COUNT; i++) {
      scores[i] = 0;
      ranks[i] = 0;
    }
    return slot;
  }

  /** Keeps the candidates named in `order[0..keep)` (candidate numbers), in that order. */
  select(order: Int32Array, keep: number): void {
    const { rows, scores, ranks, namedBy } = this.#columns;
    const to = this.#spare;
    this.#numbers.reset();
    for (let c = 0; c < keep; c++) {
      const row = rows[order[c]!]!;
      to.rows[c] = row;
      to.namedBy[c] = namedBy[order[c]!]!;
      this.#numbers.add(row);
    }
    copyLines(scores, to.scores, order, keep);
    copyLines(ranks, to.ranks, order, keep);
    this.#spare = this.#columns;
    this.#columns = to;
  }
}

/** Line `c` of `to` becomes line `order[c]` of `from`. */
function copyLines<T extends Float32Array | Uint16Array>(from: T, to: T, order: Int32Array, count: number): void {
  for (let c = 0; c < count; c++) {
    const source = order[c]! * SOURCE_COUNT;
    const target = c * SOURCE_COUNT;
    for (let s = 0; s < SOURCE_COUNT; s++) to[target + s] = from[source + s]!;
  }
}
