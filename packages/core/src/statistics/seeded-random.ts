/**
 * Uniform numbers in [0, 1) from a 32-bit seed, the same on every machine.
 * Source: Mulberry32 (Tommy Ettinger), period 2^32: enough for resampling and tests, not for secrets.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
