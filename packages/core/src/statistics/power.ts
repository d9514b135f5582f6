import type { ArmEstimate } from './arm-estimate.ts';
import { normalCdf, normalTailQuantile } from './distributions.ts';

/** A metric before the experiment: its value and the variance that one user adds. */
export interface Baseline {
  readonly value: number;
  readonly variance: number;
  /** Users either do it or not: the treatment's variance follows from its value. */
  readonly binary?: boolean;
  /**
   * Of a ratio: who clicks more on the same items also differs more from others, by as much. The treatment's error is then
   * that of the scaled residuals, (1 + effect)²; with the baseline's, power fell short (77 % in place of 80 % for clicks).
   */
  readonly scales?: boolean;
  /** Mean of a ratio's denominator per user; 1 for a mean. Counts in information only. */
  readonly denominator?: number;
}

/** Of a share of users, 0 < share < 1. */
export const proportionBaseline = (share: number): Baseline => ({
  value: share,
  variance: share * (1 - share),
  binary: true,
});

/** Of any estimate from the time before: a mean, or a ratio with its linearised variance; CUPED's shrunk one, too. */
export const baselineOf = ({ value, squaredError, users, denominator = 1 }: ArmEstimate): Baseline => ({
  value,
  variance: squaredError * users,
  scales: denominator !== 1,
  denominator,
});

export interface PowerPlan {
  /** Smallest relative effect worth finding; .05 = +5 %. */
  minimumEffect?: number;
  alpha?: number;
  power?: number;
  /** Weights of the two arms compared, on any scale. */
  weights?: { control: number; treatment: number };
  /** Treatments compared with control: alpha is shared by them (Bonferroni, which Holm does not exceed). */
  comparisons?: number;
  /** Guardrails that must be non-inferior as well: the chance of missing any (1 - power) is shared with them. */
  guardrails?: number;
  /** The scale on which the effect is tested; a relative one has slightly more variance. */
  scale?: 'relative' | 'absolute';
}

export interface ArmUsers {
  readonly control: number;
  readonly treatment: number;
}

/**
 * Users per arm for the effect to be found with the planned power, rounded up. Infinity when the baseline is not above
 * zero or not known: an effect in percent of nothing cannot be found.
 *
 * Source: n = (z_{1-alpha/2} + z_power)² (v_C/w_C + v_T/w_T) / effect², for example Chow, Shao, Wang 2008, 3.2; the
 * sharing of power with guardrails as Schultzberg, Ankargren, Frånberg 2024 (Spotify).
 */
export function requiredUsers(baseline: Baseline, plan: PowerPlan = {}): ArmUsers {
  const { minimumEffect = 0.05, weights = { control: 1, treatment: 1 } } = plan;
  if (!(minimumEffect !== 0 && weights.control > 0 && weights.treatment > 0))
    throw new RangeError('a plan needs an effect other than 0 and weights above 0');
  const sum = weights.control + weights.treatment;
  const shares = { control: weights.control / sum, treatment: weights.treatment / sum };
  const total = (distance(plan) / minimumEffect) ** 2 * squaredErrorOf(baseline, minimumEffect, shares, plan.scale);
  if (!(baseline.value > 0) || !Number.isFinite(total)) return { control: Infinity, treatment: Infinity };
  return { control: Math.ceil(total * shares.control), treatment: Math.ceil(total * shares.treatment) };
}

/** Smallest positive relative effect that so many users find with the planned power; Infinity when none. */
export function minimumDetectableEffect(baseline: Baseline, users: ArmUsers, plan: PowerPlan = {}): number {
  const wanted = distance(plan);
  const found = (effect: number): boolean =>
    effect >= wanted * Math.sqrt(squaredErrorOf(baseline, effect, users, plan.scale));
  let low = 0;
  let high = baseline.binary === true ? 1 / baseline.value - 1 : 1000;
  if (!found(high)) return Infinity;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (found(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Chance that so many users find the planned effect (of the planned sign). */
export function powerOf(baseline: Baseline, users: ArmUsers, plan: PowerPlan = {}): number {
  const { minimumEffect = 0.05 } = plan;
  const z = Math.abs(minimumEffect) / Math.sqrt(squaredErrorOf(baseline, minimumEffect, users, plan.scale));
  return normalCdf(z - criticalZ(plan));
}

export interface PowerAssessment {
  readonly status: 'adequate' | 'underpowered';
  /** Needed per arm: the computed number, at least the floor. */
  readonly needed: ArmUsers;
  /** Relative effect that could be found with the users there are now. */
  readonly detectable: number;
  /** Days until the smaller arm is full at the present pace; 0 when there, Infinity at a pace of zero. */
  readonly daysToGo: number;
}

/** Users per arm below which nothing is promoted, whatever the computed number. */
export const USERS_FLOOR = 10_000;

/**
 * Is there enough to tell? `underpowered` is an answer of its own: "no effect found" would be wrong. The floor of 10,000
 * users finds +5 % only from a baseline of 39 % upwards.
 */
export function assessPower(
  baseline: Baseline,
  {
    users,
    usersPerDay,
    floor = USERS_FLOOR,
    ...plan
  }: PowerPlan & { users: ArmUsers; usersPerDay: ArmUsers; floor?: number },
): PowerAssessment {
  const required = requiredUsers(baseline, plan);
  const needed = { control: Math.max(required.control, floor), treatment: Math.max(required.treatment, floor) };
  const days = (arm: keyof ArmUsers): number => {
    const missing = needed[arm] - users[arm];
    return missing <= 0 ? 0 : Math.ceil(missing / usersPerDay[arm]);
  };
  const daysToGo = Math.max(days('control'), days('treatment'));
  return {
    status: daysToGo === 0 ? 'adequate' : 'underpowered',
    needed,
    detectable: minimumDetectableEffect(baseline, users, plan),
    daysToGo,
  };
}

/** Squared standard error of the relative effect, with users (or shares of one user) per arm. */
function squaredErrorOf(
  { value, variance, binary = false, scales = false }: Baseline,
  effect: number,
  users: ArmUsers,
  scale: PowerPlan['scale'] = 'relative',
): number {
  const moved = value * (1 + effect);
  const grown = variance * (1 + effect) ** 2;
  const treatment = binary ? Math.max(0, moved * (1 - moved)) : scales ? grown : variance;
  const control = scale === 'relative' ? grown : variance;
  return (control / users.control + treatment / users.treatment) / (value * value);
}

/** Standard errors between "no effect" and an effect that is found with the planned power. */
function distance(plan: PowerPlan): number {
  const { power = 0.8, guardrails = 0 } = plan;
  return criticalZ(plan) + normalTailQuantile((1 - power) / (guardrails + 1));
}

const criticalZ = ({ alpha = 0.05, comparisons = 1 }: PowerPlan): number => normalTailQuantile(alpha / 2 / comparisons);
