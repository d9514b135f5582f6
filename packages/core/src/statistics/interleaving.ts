import { armOf, meanEstimate } from './arm-estimate.ts';
import { binomialCdf, tQuantile, tTwoSided } from './distributions.ts';
import { notComputable, type NotComputable } from './effect.ts';
import { momentsOf } from './moments.ts';
import type { Inference } from './welch.ts';

export interface Preference {
  readonly status: 'ok';
  /** Users who gave more credit to B, to A, and as much to both (or none to either). */
  readonly forB: number;
  readonly forA: number;
  readonly ties: number;
  /** Exact binomial over users who prefer one: the primary test. */
  readonly signPValue: number;
  /** Mean over users with credit of (B - A) / (A + B), in [-1, 1]: a heavy user counts as much as any other. */
  readonly preference: number;
  readonly inference: Inference | NotComputable;
}

/**
 * Which of two interleaved rankers users prefer. `creditA`, `creditB`: each user's credit summed over all of the user's
 * slates. The user is the unit: clicks of one user are not independent, and a test per click finds preferences that
 * are not there.
 *
 * Source: Chapelle, Joachims, Radlinski, Yue 2012, section 4 (credit per user); sign test: Conover 1999, 3.4.
 */
export function preferenceTest(
  creditA: ArrayLike<number>,
  creditB: ArrayLike<number>,
  { alpha = 0.05 } = {},
): Preference | NotComputable {
  if (creditA.length !== creditB.length) throw new Error(`credits of ${creditA.length} and ${creditB.length} users`);
  let forA = 0;
  let forB = 0;
  const shares: number[] = [];
  for (let user = 0; user < creditA.length; user++) {
    const [a, b] = [creditA[user]!, creditB[user]!];
    if (!Number.isFinite(a + b) || a < 0 || b < 0) return notComputable('not_finite');
    if (a > b) forA += 1;
    else if (b > a) forB += 1;
    if (a + b > 0) shares.push((b - a) / (a + b));
  }
  if (shares.length === 0) return notComputable('too_few_users');
  const mean = meanEstimate(armOf(momentsOf(shares)));
  return {
    status: 'ok',
    forA,
    forB,
    ties: creditA.length - forA - forB,
    signPValue: signTest(forB, forA + forB),
    preference: mean.value,
    inference: oneSample(mean.value, Math.sqrt(mean.squaredError), shares.length, alpha),
  };
}

/** Two-sided exact p-value of k heads in n throws of a fair coin; 1 without a throw. */
export const signTest = (k: number, n: number): number => Math.min(1, 2 * binomialCdf(Math.min(k, n - k), n, 0.5));

function oneSample(value: number, standardError: number, users: number, alpha: number): Inference | NotComputable {
  if (users < 2) return notComputable('too_few_users');
  if (standardError === 0) return notComputable('zero_variance');
  const half = tQuantile(1 - alpha / 2, users - 1) * standardError;
  return {
    status: 'ok',
    low: value - half,
    high: value + half,
    pValue: tTwoSided(value / standardError, users - 1),
  };
}
