import type { Effect } from './effect.ts';
import type { ArmUsers, Baseline } from './power.ts';

/**
 * How much of the planned information is in. Counting users overstates it: a user who came yesterday has not finished
 * buying, and methods that look repeatedly then err too often (docs/experiments/statistics.md). What grows in independent
 * steps is the difference of the arms' totals, so its variance is the clock: (users * denominators per user * standard
 * error of the absolute effect)², which adds over ramp phases, too. `usersOfAllArms`: with ramp phases and more than two arms, the users whom
 * the weights of the phases count; else those of the two arms.
 *
 * Source: information as the variance of the score, Lan & Zucker 1993; Jennison & Turnbull 1999, chapter 3.
 */
export function totalVariance(absolute: Effect, usersOfAllArms = absolute.users): number {
  if (absolute.scale !== 'absolute') throw new Error('information is counted on the absolute effect');
  return (usersOfAllArms * (absolute.denominator ?? 1) * absolute.standardError) ** 2;
}

/** The same at the end of the plan: `users` finished users of the baseline's variance. */
export function plannedTotalVariance(
  { variance, denominator = 1 }: Baseline,
  { control, treatment }: ArmUsers,
  usersOfAllArms = control + treatment,
): number {
  return (usersOfAllArms * denominator) ** 2 * (variance / control + variance / treatment);
}

/**
 * Information fraction of a look, at most 1: for `lanDeMetsBounds`. Skip a look whose fraction did not rise: it brought
 * nothing new.
 */
export const informationFraction = (absolute: Effect, planned: number, usersOfAllArms?: number): number =>
  Math.min(1, totalVariance(absolute, usersOfAllArms) / planned);

/** Users of both arms in units of finished users: for confidence sequences. `plannedUsers`: of both arms. */
export const informationUsers = (
  absolute: Effect,
  { planned, plannedUsers, usersOfAllArms }: { planned: number; plannedUsers: number; usersOfAllArms?: number },
): number => (totalVariance(absolute, usersOfAllArms) / planned) * plannedUsers;
