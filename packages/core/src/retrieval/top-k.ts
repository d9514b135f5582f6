/**
 * The best k of a stream of (row, score): a bounded min-heap in flat arrays. Better is a higher score, then a lower row,
 * so results never depend on the order of arrival. `offer` is O(1) for what does not make it, O(log k) else.
 */
export class TopK {
  #rows: Int32Array;
  #scores: Float64Array;
  #k = 0;
  #count = 0;

  constructor(capacity: number) {
    this.#rows = new Int32Array(capacity);
    this.#scores = new Float64Array(capacity);
  }

  /** Starts over for the best `k`; grows when there is no room for as many. */
  reset(k: number): void {
    if (k > this.#rows.length) {
      this.#rows = new Int32Array(k);
      this.#scores = new Float64Array(k);
    }
    this.#k = k;
    this.#count = 0;
  }

  /** How many are wanted. */
  get k(): number {
    return this.#k;
  }

  /** What a score must beat or equal to get in; -Infinity while there is room. */
  get threshold(): number {
    if (this.#k === 0) return Infinity;
    return this.#count < this.#k ? -Infinity : this.#scores[0]!;
  }

  offer(row: number, score: number): void {
    if (this.#count < this.#k) {
      this.#siftUp(this.#count++, row, score);
    } else if (this.#k > 0 && !isWorse(row, score, this.#rows[0]!, this.#scores[0]!)) {
      this.#siftDown(this.#count, row, score);
    }
  }

  /** Writes the kept rows, best first, and empties the heap. Returns how many. */
  drain(outRows: Int32Array, outScores: Float32Array | Float64Array): number {
    const count = this.#count;
    const rows = this.#rows;
    const scores = this.#scores;
    for (let last = count - 1; last >= 0; last--) {
      outRows[last] = rows[0]!;
      outScores[last] = scores[0]!;
      this.#siftDown(last, rows[last]!, scores[last]!);
    }
    this.#count = 0;
    return count;
  }

  #siftUp(at: number, row: number, score: number): void {
    const rows = this.#rows;
    const scores = this.#scores;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isWorse(row, score, rows[parent]!, scores[parent]!)) break;
      rows[at] = rows[parent]!;
      scores[at] = scores[parent]!;
      at = parent;
    }
    rows[at] = row;
    scores[at] = score;
  }

  /** Puts (row, score) in the place of the root of the first `count` entries. */
  #siftDown(count: number, row: number, score: number): void {
    const rows = this.#rows;
    const scores = this.#scores;
    let at = 0;
    for (let child = 1; child < count; child = 2 * at + 1) {
      const right = child + 1;
      if (right < count && isWorse(rows[right]!, scores[right]!, rows[child]!, scores[child]!)) child = right;
      if (!isWorse(rows[child]!, scores[child]!, row, score)) break;
      rows[at] = rows[child]!;
      scores[at] = scores[child]!;
      at = child;
    }
    rows[at] = row;
    scores[at] = score;
  }
}

function isWorse(row: number, score: number, otherRow: number, otherScore: number): boolean {
  return score < otherScore || (score === otherScore && row > otherRow);
}
