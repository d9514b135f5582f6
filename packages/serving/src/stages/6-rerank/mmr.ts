/** Values below this count as this: a bury may have made one 0, and it must stay comparable. */
const LEAST_VALUE = 1e-12;

/**
 * Maximal marginal relevance over a small pool: repeatedly the item with the highest
 * `(1 - lambda) * ln(value) - lambda * max(similarity to what is already in the slate)`.
 *
 * Source: Carbonell & Goldstein, SIGIR 1998, equation 1. Deviations: relevance is the logarithm of the value, and a
 * negative similarity counts as 0. So lambda is a price in *times as valuable*: beside an equal item in the slate, an item
 * must be worth exp(lambda / (1 - lambda)) times another to be taken before it, 1.5 times at 0.3. That is the same whether
 * the ranker's probabilities are large or small, and whatever else is in the pool. A value scaled to [0, 1] over the pool
 * is neither: the best item of a skewed list takes the scale, the others are all near 0, and similarity alone decides.
 *
 * The maxima are kept incrementally: every item that is seen raises those of its like, all products of a step in one call.
 */
export class MmrPool {
  /** 1 = may still be picked, by position in the pool. */
  readonly open: Uint8Array;
  readonly #relevance: Float64Array;
  /** Highest relevance from each position on: no later item can score more. */
  readonly #ceiling: Float64Array;
  readonly #nearest: Float64Array;
  #similarity: (row: number) => ArrayLike<number> = () => [];
  #size = 0;
  #lambda = 0;

  constructor(capacity: number) {
    this.open = new Uint8Array(capacity);
    this.#relevance = new Float64Array(capacity);
    this.#ceiling = new Float64Array(capacity);
    this.#nearest = new Float64Array(capacity);
  }

  /** Starts over with `size` items of these values; `similarity(row)` has that of every item of the pool to a row. */
  begin(values: ArrayLike<number>, size: number, lambda: number, similarity: (row: number) => ArrayLike<number>): void {
    this.#size = size;
    this.#lambda = lambda;
    this.#similarity = similarity;
    let ceiling = -Infinity;
    for (let i = size - 1; i >= 0; i--) {
      const relevance = Math.log(Math.max(values[i]!, LEAST_VALUE));
      ceiling = Math.max(ceiling, relevance);
      this.#relevance[i] = relevance;
      this.#ceiling[i] = ceiling;
    }
    this.#nearest.fill(0, 0, size);
    this.open.fill(1, 0, size);
  }

  /** Notes that a row is in the slate now. */
  see(row: number): void {
    // At lambda 0 similarity decides nothing, and the pool's own order is the answer.
    if (this.#lambda === 0) return;
    const similar = this.#similarity(row);
    const nearest = this.#nearest;
    for (let i = 0; i < this.#size; i++) if (similar[i]! > nearest[i]!) nearest[i] = similar[i]!;
  }

  /** The open item for which `allowed` holds that scores highest; the earlier in the pool on a tie; -1 if none. */
  best(allowed: (i: number) => boolean): number {
    const { open } = this;
    const relevance = this.#relevance;
    const ceiling = this.#ceiling;
    const nearest = this.#nearest;
    const size = this.#size;
    const lambda = this.#lambda;
    let best = -1;
    let bestScore = -Infinity;
    // The pool is in the order of the values, so only its head is looked at.
    for (let i = 0; i < size && (1 - lambda) * ceiling[i]! > bestScore; i++) {
      if (open[i] === 0) continue;
      const score = (1 - lambda) * relevance[i]! - lambda * nearest[i]!;
      if (score > bestScore && allowed(i)) {
        if (lambda === 0) return i;
        best = i;
        bestScore = score;
      }
    }
    return best;
  }
}
