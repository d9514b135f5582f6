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
