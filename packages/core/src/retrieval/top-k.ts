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

  /** What a score must beat or equal to get in; -Infinity while there is room. */
  get threshold(): number {
    if (this.#k === 0) return Infinity;
    return this.#count < this.#k ? -Infinity : this.#scores[0]!;
  }

  offer(row: number, score: number): void {
    if (this.#count < this.#k) {
      this.#siftUp(this.#count++, row, score);
    } else if (this.#k > 0 && !this.#worse(row, score, this.#rows[0]!, this.#scores[0]!)) {
      this.#siftDown(row, score);
    }
  }

  /** Writes the kept rows, best first, and empties the heap. Returns how many. */
  drain(outRows: Int32Array, outScores: Float32Array | Float64Array): number {
    const count = this.#count;
    for (let i = count - 1; i >= 0; i--) {
      outRows[i] = this.#rows[0]!;
      outScores[i] = this.#scores[0]!;
      this.#count -= 1;
      if (this.#count > 0) this.#siftDown(this.#rows[this.#count]!, this.#scores[this.#count]!);
    }
    return count;
  }

  #worse(row: number, score: number, otherRow: number, otherScore: number): boolean {
    return score < otherScore || (score === otherScore && row > otherRow);
  }

  #siftUp(at: number, row: number, score: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#worse(row, score, this.#rows[parent]!, this.#scores[parent]!)) break;
      this.#rows[at] = this.#rows[parent]!;
      this.#scores[at] = this.#scores[parent]!;
      at = parent;
    }
    this.#rows[at] = row;
    this.#scores[at] = score;
  }

  #siftDown(row: number, score: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#count) break;
      const right = child + 1;
      if (
        right < this.#count &&
        this.#worse(this.#rows[right]!, this.#scores[right]!, this.#rows[child]!, this.#scores[child]!)
      )
        child = right;
      if (!this.#worse(this.#rows[child]!, this.#scores[child]!, row, score)) break;
      this.#rows[at] = this.#rows[child]!;
      this.#scores[at] = this.#scores[child]!;
      at = child;
    }
    this.#rows[at] = row;
    this.#scores[at] = score;
  }
}
