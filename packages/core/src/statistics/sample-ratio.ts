import { chiSquaredTail, logGamma } from './distributions.ts';

/** Users who came to each arm while one set of weights held. Arrays of equal length, in the order of the arms. */
export interface ArmCounts {
  readonly counts: readonly number[];
  /** Any positive scale; an arm of weight 0 must have nobody. */
  readonly weights: readonly number[];
}

export type SampleRatio =
  | {
      readonly status: 'ok';
      readonly chiSquared: number;
      readonly freedom: number;
      readonly pValue: number;
      readonly mismatch: boolean;
    }
  | { readonly status: 'not_computable'; readonly reason: 'too_few_users' | 'not_finite' };

/** Fewest users expected in an arm for which chi-squared is a fair approximation. */
const EXPECTED_MIN = 5;
/** Alpha of the sample-ratio checks: a mismatch stops everything, so false alarms must be rare. */
const ALPHA = 0.001;

/**
 * Does the split that was observed fit the one that was configured? Ramp phases are given one by one: their statistics
 * and degrees of freedom add, so that changing weights are no mismatch. Arms of weight 0 count in neither the sum nor
 * the degrees of freedom; a user in one of them is a mismatch by itself.
 *
 * Source: Pearson 1900; Fabijan et al. 2019 (alpha).
 */
export function sampleRatio(phases: readonly ArmCounts[], { alpha = ALPHA } = {}): SampleRatio {
  let chiSquared = 0;
  let freedom = 0;
  for (const phase of phases) {
    const { shares, users, finite, astray } = sharesOf(phase);
    if (!finite) return { status: 'not_computable', reason: 'not_finite' };
    if (astray) return { status: 'ok', chiSquared: Infinity, freedom: 1, pValue: 0, mismatch: true };
    if (users === 0) continue;
    const arms = shares.filter((share) => share > 0);
    if (arms.some((share) => share * users < EXPECTED_MIN)) continue;
    shares.forEach((share, arm) => {
      if (share > 0) chiSquared += (phase.counts[arm]! - share * users) ** 2 / (share * users);
    });
    freedom += arms.length - 1;
  }
  if (freedom === 0) return { status: 'not_computable', reason: 'too_few_users' };
  const pValue = chiSquaredTail(chiSquared, freedom);
  return { status: 'ok', chiSquared, freedom, pValue, mismatch: pValue < alpha };
}

/**
 * Sequential check: looked at whenever one likes, it raises a false alarm in at most alpha of the experiments. Its
 * prior takes small deviations for likely ones, so it is blind to small samples: run `sampleRatio` once, at the
 * decision, as well.
 *
 * Returns log Bayes factors, which add over phases, and p = 1 / (Bayes factor) of this look; the always-valid p-value is
 * the smallest over the looks. Depends on the counts only, not on how they came in batches.
 *
 * Source: Lindon & Malek 2020, arXiv 2011.03567, equation 5: Dirichlet prior centred on the configured shares.
 */
export function sequentialSampleRatio(
  phases: readonly ArmCounts[],
  { concentration = 10_000, alpha = ALPHA } = {},
):
  | { readonly status: 'ok'; readonly logBayesFactor: number; readonly pValue: number; readonly mismatch: boolean }
  | { readonly status: 'not_computable'; readonly reason: 'not_finite' } {
  let logBayesFactor = 0;
  for (const phase of phases) {
    const { shares, users, finite, astray } = sharesOf(phase);
    if (!finite) return { status: 'not_computable', reason: 'not_finite' };
    if (astray) return { status: 'ok', logBayesFactor: Infinity, pValue: 0, mismatch: true };
    logBayesFactor += logGamma(concentration) - logGamma(concentration + users);
    shares.forEach((share, arm) => {
      const count = phase.counts[arm]!;
      if (count === 0) return;
      const prior = concentration * share;
      logBayesFactor += logGamma(prior + count) - logGamma(prior) - count * Math.log(share);
    });
  }
  const pValue = Math.min(1, Math.exp(-logBayesFactor));
  return { status: 'ok', logBayesFactor, pValue, mismatch: pValue < alpha };
}

function sharesOf({ counts, weights }: ArmCounts) {
  if (counts.length !== weights.length) throw new Error(`${counts.length} counts of ${weights.length} arms`);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const users = counts.reduce((sum, count) => sum + count, 0);
  const shares = weights.map((weight) => weight / total);
  return {
    shares,
    users,
    finite: Number.isFinite(users) && Number.isFinite(total) && total > 0,
    astray: shares.some((share, arm) => share === 0 && counts[arm]! > 0),
  };
}
