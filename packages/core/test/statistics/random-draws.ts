/** Seeded draws for tests and simulations, from a uniform source. */

/** Standard normal (Box-Muller, one of the pair). */
export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** exp of a normal: heavy-tailed baskets. */
export const lognormal = (random: () => number, mean: number, deviation: number): number =>
  Math.exp(mean + deviation * normal(random));

/** Exponential with mean 1. */
export const exponential = (random: () => number): number => -Math.log(1 - random());

/** Poisson by Knuth's products; for means up to some tens. */
export function poisson(random: () => number, mean: number): number {
  const floor = Math.exp(-mean);
  let product = random();
  let count = 0;
  while (product > floor) {
    product *= random();
    count += 1;
  }
  return count;
}

/**
 * Uniform in [0, 1) with 128 bits of state: the simulations draw 10^9 numbers, more than `seededRandom`'s one cycle of
 * 2^32 gives to independent streams. Source: sfc32, Doty-Humphrey, PractRand.
 */
export function longRandom(seed: number, stream: number): () => number {
  let [a, b, c, counter] = [seed | 0, stream | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let warm = 0; warm < 16; warm++) next();
  return next;
}
