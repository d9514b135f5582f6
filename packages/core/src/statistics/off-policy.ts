import { ShortlistError } from '../contracts/errors.ts';
import { armOf, ratioEstimate, type ArmEstimate } from './arm-estimate.ts';
import { normalTailQuantile } from './distributions.ts';
import { momentsOf } from './moments.ts';

/** What was logged, one entry per decision: a choice at a position that was left to chance. */
export interface LoggedDecisions {
  /** Probability with which the choice was made then, in (0, 1]. */
  readonly propensity: ArrayLike<number>;
  /** Probability with which the policy in question would make the same choice. */
  readonly target: ArrayLike<number>;
  readonly reward: ArrayLike<number>;
  /** Who the decision was for: 0-based, dense. Decisions for one user are not independent. Default: all different. */
  readonly user?: ArrayLike<number>;
  /** Probability, over all decisions, with which the policy would choose what the log never could have. */
  readonly unsupported?: number;
  /** For DR: the reward model's value of the logged choice, and its mean over the policy's choices. */
  readonly model?: { readonly predicted: ArrayLike<number>; readonly expectedUnderTarget: ArrayLike<number> };
}

export interface PolicyValue {
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

export interface OffPolicyEstimate {
  /** Unbiased; the widest. */
  readonly ips: PolicyValue;
  /** Normalised by the weights: slightly biased, far narrower, and not moved by a constant added to all rewards. */
  readonly snips: PolicyValue;
  /** Unbiased when either the propensities or the model are right; null without a model. */
  readonly dr: PolicyValue | null;
  /** (Σw)² / Σw²: decisions that the weighted log is worth. */
  readonly effectiveSampleSize: number;
  readonly decisions: number;
  readonly users: number;
  readonly meanWeight: number;
}

/** Standard errors by which the mean weight may miss 1 before the log is taken not to support the policy. */
const WEIGHT_Z_MAX = 4;
/** Share of the policy's choices that may lie outside of what the log could have chosen. */
const UNSUPPORTED_MAX = 0.01;

/**
 * What the mean reward per decision would have been under another policy, from a log of randomised decisions.
 *
 * Slates: one decision per position, `user` the slate or its user, and the probabilities as far as the reward at a position
 * depends on the others: of the item there alone (independent), of all items down to it (cascade; McInerney et al. 2020),
 * or of the whole slate (no assumption). The value of a slate is that of a decision times the positions.
 *
 * Errors: `off_policy_unsupported` when the log cannot answer: no decisions, a propensity outside of (0, 1] (a
 * deterministic slot has none), a target or reward that is not a number, more than 1 % of the policy's choices out of
 * reach, weights that do not average 1 (which right propensities with support do), or fewer effective decisions than
 * `effectiveMin`.
 *
 * Source: IPS mean(w r) and SNIPS Σwr/Σw: Swaminathan & Joachims 2015; DR mean(q(π) + w (r - q)): Dudík, Langford, Li 2011;
 * effective sample size: Kish 1965. Our deviation: errors are clustered by user through the delta method.
 */
export function offPolicyEstimate(log: LoggedDecisions, { alpha = 0.05, effectiveMin = 100 } = {}): OffPolicyEstimate {
  const decisions = log.reward.length;
  if (decisions === 0) throw unsupported('the log holds no randomised decision');
  if ((log.unsupported ?? 0) > UNSUPPORTED_MAX)
    throw unsupported(`${percent(log.unsupported!)} of the policy's choices were impossible when the log was made`);
  const columns = sumsPerUser(log);
  const arm = armOf(momentsOf(columns.weighted, columns.weight, columns.decisions, columns.doublyRobust));
  const weights = ratioEstimate(arm, 1, 2);
  const effectiveSampleSize = columns.weightTotal ** 2 / columns.weightSquares || 0;
  if (Math.abs(weights.value - 1) > WEIGHT_Z_MAX * Math.sqrt(weights.squaredError) + 1e-9)
    throw unsupported(
      `the weights average ${weights.value.toFixed(3)} instead of 1: the policy chooses what the log never chose, or propensities are wrong`,
    );
  if (effectiveSampleSize < effectiveMin)
    throw unsupported(
      `${decisions} decisions are worth ${effectiveSampleSize.toFixed(1)} under the policy, fewer than ${effectiveMin}`,
    );
  const interval = (estimate: ArmEstimate): PolicyValue => {
    const standardError = Math.sqrt(estimate.squaredError);
    const half = normalTailQuantile(alpha / 2) * standardError;
    return { value: estimate.value, standardError, low: estimate.value - half, high: estimate.value + half };
  };
  return {
    ips: interval(ratioEstimate(arm, 0, 2)),
    snips: interval(ratioEstimate(arm, 0, 1)),
    dr: log.model ? interval(ratioEstimate(arm, 3, 2)) : null,
    effectiveSampleSize,
    decisions,
    users: columns.weight.length,
    meanWeight: weights.value,
  };
}

function sumsPerUser({ propensity, target, reward, user, model }: LoggedDecisions) {
  const decisions = reward.length;
  let users = user ? 0 : decisions;
  for (let i = 0; user && i < decisions; i++) users = Math.max(users, user[i]! + 1);
  const sums = {
    weighted: new Float64Array(users),
    weight: new Float64Array(users),
    decisions: new Float64Array(users),
    doublyRobust: new Float64Array(users),
    weightTotal: 0,
    weightSquares: 0,
  };
  for (let i = 0; i < decisions; i++) {
    const [chance, wanted, gain] = [propensity[i]!, target[i]!, reward[i]!];
    if (!(chance > 0 && chance <= 1)) throw unsupported(`decision ${i} has a propensity of ${chance}`);
    if (!(wanted >= 0 && wanted <= 1)) throw unsupported(`decision ${i} has a target probability of ${wanted}`);
    if (!Number.isFinite(gain)) throw unsupported(`decision ${i} has a reward of ${gain}`);
    const weight = wanted / chance;
    const of = user ? user[i]! : i;
    sums.weighted[of]! += weight * gain;
    sums.weight[of]! += weight;
    sums.decisions[of]! += 1;
    if (model) sums.doublyRobust[of]! += model.expectedUnderTarget[i]! + weight * (gain - model.predicted[i]!);
    sums.weightTotal += weight;
    sums.weightSquares += weight * weight;
  }
  return sums;
}

const unsupported = (reason: string): ShortlistError => new ShortlistError('off_policy_unsupported', { reason });

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
