import { createHash } from 'node:crypto';

/**
 * A stream of uniform numbers in [0, 1) that only the seed decides, so that a logged slate can be drawn again from its
 * request id. splitmix32 over the first 32 bits of SHA-256 of the seed: plenty for at most 20 draws a slate.
 */
export function uniforms(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 4294967296;
  };
}

/**
 * Draws `draws` of `pool` uniformly without replacement (the first steps of a Fisher-Yates shuffle, in place).
 *
 * By symmetry every pool item is equally likely at every drawn slot, so an item's propensity *at its slot* is exactly
 * 1 / pool.length, and that of being drawn at all `draws / pool.length`. The logged propensity is the first one: the
 * probability that this item stood at this position, which is what inverse-propensity estimators over positions need.
 */
export function drawExplorers(pool: Int32Array, draws: number, next: () => number): Int32Array {
  const count = Math.min(draws, pool.length);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(next() * (pool.length - i));
    const drawn = pool[j]!;
    pool[j] = pool[i]!;
    pool[i] = drawn;
  }
  return pool.subarray(0, count);
}
