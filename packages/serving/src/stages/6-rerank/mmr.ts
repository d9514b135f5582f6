/**
 * Maximal marginal relevance over a small pool: repeatedly the item with the highest
 * `(1 - lambda) * relevance - lambda * max(similarity to what is already in the slate)`.
 *
 * Source: Carbonell & Goldstein, SIGIR 1998, equation 1. Deviation: relevance is scaled to [0, 1] over the pool, so that
 * lambda means the same whatever the ranker's probabilities are. The maxima are kept incrementally: a pick costs one
 * similarity per pool item, O(pool x d), instead of one per pair.
 */
export class MmrPool {
  /** Pool items that may still be picked, by position in the pool. */
  readonly open: Uint8Array;
  readonly #relevance: Float64Array;
  readonly #nearest: Float64Array;
  #size = 0;
  #lambda = 0;

  constructor(capacity: number) {
    this.open = new Uint8Array(capacity);
    this.#relevance = new Float64Array(capacity);
    this.#nearest = new Float64Array(capacity);
  }

  /** Starts over with `size` items whose values, best first, are `values[i]`. */
  begin(values: ArrayLike<number>, size: number, lambda: number): void {
    this.#size = size;
    this.#lambda = lambda;
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < size; i++) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
    const span = high > low ? high - low : 1;
    for (let i = 0; i < size; i++) this.#relevance[i] = (values[i]! - low) / span;
    this.#nearest.fill(0, 0, size);
    this.open.fill(1, 0, size);
  }

  /** Notes that an item of similarity `similarity(i)` to pool item `i` is in the slate now. */
  see(similarity: (i: number) => number): void {
    if (this.#lambda === 0) return;
    for (let i = 0; i < this.#size; i++) {
      if (this.open[i] === 0) continue;
      const near = similarity(i);
      if (near > this.#nearest[i]!) this.#nearest[i] = near;
    }
  }

  /** Marginal relevance of an open item now. */
  score(i: number): number {
    return (1 - this.#lambda) * this.#relevance[i]! - this.#lambda * this.#nearest[i]!;
  }

  /** The open item for which `allowed` holds that scores highest; the earlier in the pool on a tie; -1 if none. */
  best(allowed: (i: number) => boolean): number {
    let best = -1;
    let bestScore = -Infinity;
    for (let i = 0; i < this.#size; i++) {
      if (this.open[i] === 0) continue;
      const score = this.score(i);
      // At lambda 0 the pool's own order decides, also where float division made two values equal.
      if (score > bestScore && allowed(i)) {
        best = i;
        bestScore = score;
        if (this.#lambda === 0) return best;
      }
    }
    return best;
  }
}

/** Similarity of two rows: cosine of unit vectors `[n, d]`. */
export function cosine(vectors: Float32Array, dim: number, a: number, b: number): number {
  const fromA = a * dim;
  const fromB = b * dim;
  // Two sums: additions of one would wait for each other.
  let even = 0;
  let odd = 0;
  for (let d = 0; d + 1 < dim; d += 2) {
    even += vectors[fromA + d]! * vectors[fromB + d]!;
    odd += vectors[fromA + d + 1]! * vectors[fromB + d + 1]!;
  }
  if (dim % 2 === 1) even += vectors[fromA + dim - 1]! * vectors[fromB + dim - 1]!;
  return even + odd;
}
