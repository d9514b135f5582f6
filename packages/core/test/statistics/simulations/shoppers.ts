import { addMoments, momentsOf, type Moments } from '../../../src/statistics/moments.ts';
import { exponential, lognormal, poisson } from '../random-draws.ts';

/** One finished user's row: outcome, denominator (1 for a mean), and the same from before the experiment. */
type DrawUser = (random: () => number, factor: number, row: Float64Array) => void;

/** 7 % buy; who buys more often than others did so before. */
export const conversion: DrawUser = (random, factor, row) => {
  const chance = 0.02 + 0.1 * random();
  row[0] = Number(random() < chance * factor);
  row[1] = 1;
  row[2] = Number(random() < chance);
  row[3] = 1;
};

/** Baskets are lognormal around a level of one's own, at most 400. */
export const revenue: DrawUser = (random, factor, row) => {
  const chance = 0.08 + 0.2 * random();
  const level = 30 * lognormal(random, 0, 0.6);
  row[0] = random() < chance * factor ? Math.min(400, level * lognormal(random, 0, 0.6)) : 0;
  row[1] = 1;
  row[2] = random() < chance ? Math.min(400, level * lognormal(random, 0, 0.6)) : 0;
  row[3] = 1;
};

/** Heavy users make most of the impressions and click at rates of their own. */
export const clickThrough: DrawUser = (random, factor, row) => {
  const rate = 0.02 + 0.2 * random() ** 2;
  const activity = lognormal(random, 0, 0.8);
  row[1] = 5 + Math.floor(10 * activity * exponential(random));
  row[0] = poisson(random, Math.min(200, row[1] * rate * factor));
  row[3] = 5 + Math.floor(10 * activity * exponential(random));
  row[2] = poisson(random, Math.min(200, row[3] * rate));
};

/** Requests above 150 ms of a user's requests; a slow line is slow on all of them. `factor` is that of the latency. */
export const slowRequests: DrawUser = (random, factor, row) => {
  const line = factor * (18 + 10 * exponential(random));
  row[1] = 1 + Math.floor(10 * exponential(random));
  row[0] = 0;
  for (let request = 0; request < row[1]; request++) row[0] += Number(line * exponential(random) > 150);
};

/** Failed requests: 0.3 %, and more for users whose requests are odd. `factor` is that of the rate. */
export const failedRequests: DrawUser = (random, factor, row) => {
  const rate = 0.003 * exponential(random) * factor;
  row[1] = 1 + Math.floor(10 * exponential(random));
  row[0] = poisson(random, row[1] * rate);
};

/** Moments of so many users over the row's four variables. */
export function drawUsers(draw: DrawUser, users: number, factor: number, random: () => number): Moments {
  const row = new Float64Array(4);
  const sums = new Float64Array(4);
  const products = new Float64Array(10);
  for (let user = 0; user < users; user++) {
    draw(random, factor, row);
    let at = 0;
    for (let i = 0; i < 4; i++) {
      sums[i]! += row[i]!;
      for (let j = i; j < 4; j++) products[at++]! += row[i]! * row[j]!;
    }
  }
  return { count: users, sums: [...sums], products: [...products] };
}

/** Day by day: what an analysis at the end of each day reads, of users who have finished. */
export function* drawDays(
  draw: DrawUser,
  { days, usersPerDay, factors }: { days: number; usersPerDay: number; factors: readonly number[] },
  random: () => number,
): Generator<Moments[]> {
  let arms: Moments[] = factors.map(() => momentsOf([], [], [], []));
  for (let day = 0; day < days; day++) {
    arms = arms.map((arm, a) => addMoments(arm, drawUsers(draw, usersPerDay, factors[a]!, random)));
    yield arms;
  }
}
