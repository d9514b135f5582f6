import { armOf, ratioEstimate } from '@shortlist/core/statistics/arm-estimate.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { normalTailQuantile } from '@shortlist/core/statistics/distributions.ts';
import { momentsOf } from '@shortlist/core/statistics/moments.ts';
import { offPolicyEstimate, type OffPolicyEstimate, type PolicyValue } from '@shortlist/core/statistics/off-policy.ts';
import type { LoggedSlate } from './logged-slates.ts';
import { fitRewards } from './reward-model.ts';

/** A place of a slate that was left to chance. */
export interface Decision {
  /** Number of the slate. */
  readonly slate: number;
  /** 0-based. */
  readonly place: number;
  /** What the policy would have put there; null: nothing. */
  readonly wanted: string | null;
}

export interface PolicyEvaluation {
  /** Mean reward per place that was left to chance, as it was logged. */
  readonly logged: PolicyValue;
  /** The same, had the policy filled those places. */
  readonly target: OffPolicyEstimate;
  readonly slates: number;
  /** Decisions in which the log happens to show what the policy would have. */
  readonly matches: number;
  /** Share of the policy's choices that the log could not have made: they stood elsewhere in the slate, for certain. */
  readonly unsupported: number;
}

export interface EvaluationOptions {
  readonly alpha: number;
  /** 1-based places that are looked at; null: all that were left to chance. */
  readonly positions: ReadonlySet<number> | null;
}

/** Every place that was left to chance, in the order of the slates. */
export function decisionsOf(
  slates: readonly LoggedSlate[],
  targets: readonly (readonly string[])[],
  positions: EvaluationOptions['positions'],
): readonly Decision[] {
  return slates.flatMap(({ propensities }, slate) =>
    propensities.flatMap((propensity, place) =>
      propensity < 1 && (positions?.has(place + 1) ?? true)
        ? [{ slate, place, wanted: targets[slate]![place] ?? null }]
        : [],
    ),
  );
}

/**
 * What a deterministic policy would have earned in the places that the log left to chance. The reward of a place is taken to
 * depend on the item there and the place, not on its neighbours; propensities are those of the item at its place.
 * @throws `off_policy_unsupported`
 */
export function evaluatePolicy(
  slates: readonly LoggedSlate[],
  targets: readonly (readonly string[])[],
  { alpha, positions }: EvaluationOptions,
): PolicyEvaluation {
  const decisions = decisionsOf(slates, targets, positions);
  const numbers = new Map<string, number>();
  const users = slates.map(({ userId, sessionId }) => {
    const key = userId === null ? `s:${sessionId}` : `u:${userId}`;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key)!;
  });
  const model = fitRewards(
    slates.flatMap(({ itemIds, rewards }, s) =>
      itemIds.map((itemId, place) => ({ user: users[s]!, itemId, place, reward: rewards[place]! })),
    ),
  );
  const shownAt = ({ slate, place }: Decision) => slates[slate]!.itemIds[place]!;
  const rewardOf = ({ slate, place }: Decision) => slates[slate]!.rewards[place]!;
  const matches = decisions.map((one): number => (shownAt(one) === one.wanted ? 1 : 0));
  const missing = decisions.filter((one) => one.wanted === null || isElsewhere(slates[one.slate]!, one)).length;
  const unsupported = decisions.length === 0 ? 0 : missing / decisions.length;
  // Shoppers without a decision are not in the log.
  const dense = new Map<number, number>();
  const user = decisions.map(({ slate }) => {
    const number = users[slate]!;
    if (!dense.has(number)) dense.set(number, dense.size);
    return dense.get(number)!;
  });
  const reward = decisions.map(rewardOf);
  const target = offPolicyEstimate(
    {
      propensity: decisions.map(({ slate, place }) => slates[slate]!.propensities[place]!),
      ...{ target: matches, reward, user, unsupported },
      model: {
        predicted: decisions.map((one) => model(users[one.slate]!, shownAt(one), one.place)),
        expectedUnderTarget: decisions.map((one) =>
          one.wanted === null ? 0 : model(users[one.slate]!, one.wanted, one.place),
        ),
      },
    },
    { alpha },
  );
  const matched = matches.reduce((sum, match) => sum + match, 0);
  return { logged: meanOf(reward, user, alpha), target, slates: slates.length, matches: matched, unsupported };
}

/** Does the wanted item certainly stand at another place, so that chance could not have brought it here? */
function isElsewhere({ itemIds, propensities }: LoggedSlate, { place, wanted }: Decision): boolean {
  const at = itemIds.indexOf(wanted!);
  return at >= 0 && at !== place && propensities[at] === 1;
}

/** Mean per decision with shoppers as the unit. */
function meanOf(reward: readonly number[], user: readonly number[], alpha: number): PolicyValue {
  const users = new Set(user).size;
  const [sums, counts] = [new Float64Array(users), new Float64Array(users)];
  reward.forEach((gain, i) => {
    sums[user[i]!]! += gain;
    counts[user[i]!]! += 1;
  });
  const { value, squaredError } = ratioEstimate(armOf(momentsOf(sums, counts)));
  const standardError = Math.sqrt(squaredError);
  const half = normalTailQuantile(alpha / 2) * standardError;
  return { value, standardError, low: value - half, high: value + half };
}

/** Places as they were asked for: `1,2,5`. @throws `field_invalid` */
export function positionsOf(text: string): ReadonlySet<number> {
  const positions = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (positions.every((position) => Number.isInteger(position) && position >= 1)) return new Set(positions);
  throw new ShortlistError('field_invalid', { field: '--positions', reason: `'${text}' are no places such as 1,2` });
}
