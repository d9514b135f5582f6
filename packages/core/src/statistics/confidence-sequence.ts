import { notComputable, type Effect, type NotComputable } from './effect.ts';
import type { Inference } from './welch.ts';

export interface SequenceOptions {
  alpha?: number;
  /** Users of both arms at which the interval is tightest relative to a fixed one (2.4 times the sample there). */
  tunedForUsers?: number;
  /** Fewest users in an arm: the guarantee is asymptotic, and the first few users of a skewed metric break it. */
  usersMin?: number;
  /**
   * Users of both arms in units of finished users (`information.ts`), where outcomes go on growing after the user came.
   * Default: the users, each taken for finished.
   */
  informationUsers?: number | undefined;
}

/** Default of `usersMin`. */
export const USERS_MIN = 100;

/**
 * Interval that holds at all looks together, and an always-valid p-value: look as often as you like, stop when you like,
 * and err in at most alpha of the experiments. The price is at least 2.4 times the users of a fixed test, so this guards
 * (roll back harm at any time) and does not promote.
 *
 * Two-sided and symmetric: "harm" at level alpha / 2 is the whole interval on the bad side. The p-value is of this look;
 * over the looks so far the smallest one is valid too.
 *
 * Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2021, arXiv 2103.06476, theorem 2.2 and equation 14 (rho):
 * half-width = s sqrt(2 (n rho² + 1) ln(sqrt(n rho² + 1) / alpha) / (n rho)²), n the users of both arms, s² = SE² n.
 * Our deviation: nothing is said below `usersMin` users in an arm.
 */
export function confidenceSequence(
  effect: Effect | NotComputable,
  options: SequenceOptions = {},
): Inference | NotComputable {
  if (effect.status !== 'ok') return effect;
  if (effect.usersSmallest < (options.usersMin ?? USERS_MIN)) return notComputable('too_few_users');
  const { value, standardError, users } = effect;
  const { halfWidth, pValue } = mixture(users, options);
  const half = halfWidth * standardError;
  return { status: 'ok', low: value - half, high: value + half, pValue: pValue(value / standardError) };
}

/** The boundary at so many users: half-width in standard errors, and the p-value of a z. */
export function mixture(
  users: number,
  { alpha = 0.05, tunedForUsers = 5000, informationUsers = users }: SequenceOptions = {},
): { halfWidth: number; pValue: (z: number) => number } {
  const spread = informationUsers * tightness(alpha, tunedForUsers) + 1;
  return {
    halfWidth: Math.sqrt((2 * spread * Math.log(Math.sqrt(spread) / alpha)) / (spread - 1)),
    pValue: (z) => Math.min(1, Math.exp(Math.log(spread) / 2 - ((spread - 1) * z * z) / (2 * spread))),
  };
}

/** rho² of the paper: the mixture's variance which makes the interval tightest at `tunedForUsers`. */
function tightness(alpha: number, tunedForUsers: number): number {
  const log = -2 * Math.log(alpha);
  return (log + Math.log(1 + log)) / tunedForUsers;
}
