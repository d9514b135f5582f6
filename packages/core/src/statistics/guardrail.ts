import type { ArmEstimate } from './arm-estimate.ts';
import { mixture, USERS_MIN, type SequenceOptions } from './confidence-sequence.ts';
import { absoluteEffect, notComputable, type NotComputable } from './effect.ts';

export interface Guardrail {
  readonly status: 'ok';
  /** Relative lift with an interval that holds at all looks together; -Infinity or Infinity where it has no end. */
  readonly lift: number;
  readonly low: number;
  readonly high: number;
  /** Always-valid p-value, two-sided, of "exactly at the margin". */
  readonly pValue: number;
  /** The treatment is worse than the margin allows. */
  readonly harm: boolean;
}

export interface GuardrailOptions extends SequenceOptions {
  better?: 'higher' | 'lower';
  /** Relative worsening that is tolerated, >= 0. */
  margin?: number;
  /** Largest standard error of control's value, relative to it: what is rare or skewed needs more users. */
  controlErrorMax?: number;
}

/**
 * Is the treatment doing harm, at any look? Works on T - r C, which is linear in both arms, instead of on the quotient,
 * whose error by the delta method is wrong while control's is large and when the treatment sells next to nothing.
 *
 * Nothing is said while an arm has fewer than `usersMin` users (default 100) or control's value is not known to
 * `controlErrorMax` (default .1: 100 conversions, or 100 CV² users), where normality fails.
 *
 * Source: Fieller 1954 for the interval of a quotient, with the half-width of the confidence sequence
 * (Waudby-Smith et al. 2021) in place of the quantile.
 */
export function guardrail(
  control: ArmEstimate,
  treatment: ArmEstimate,
  { better = 'higher', margin = 0, controlErrorMax = 0.1, usersMin = USERS_MIN, ...options }: GuardrailOptions = {},
): Guardrail | NotComputable {
  const difference = absoluteEffect(control, treatment);
  if (difference.status !== 'ok') return difference;
  if (control.value <= 0) return notComputable('control_mean_not_positive');
  if (difference.usersSmallest < usersMin) return notComputable('too_few_users');
  if (Math.sqrt(control.squaredError) > controlErrorMax * control.value) return notComputable('too_few_events');
  const { halfWidth, pValue } = mixture(difference.users, options);
  const edge = better === 'higher' ? 1 - margin : 1 + margin;
  const z =
    (treatment.value - edge * control.value) / Math.sqrt(treatment.squaredError + edge ** 2 * control.squaredError);
  const [low, high] = fieller(control, treatment, halfWidth);
  return {
    status: 'ok',
    lift: treatment.value / control.value - 1,
    low: low - 1,
    high: high - 1,
    pValue: pValue(z),
    harm: better === 'higher' ? z < -halfWidth : z > halfWidth,
  };
}

/** All r with |T - r C| <= k sqrt(v_T + r² v_C): between the roots of a quadratic in r. */
function fieller(control: ArmEstimate, treatment: ArmEstimate, k: number): [low: number, high: number] {
  const a = control.value ** 2 - k * k * control.squaredError;
  const b = control.value * treatment.value;
  const c = treatment.value ** 2 - k * k * treatment.squaredError;
  // Control is not clearly above zero: the quotient can be anything.
  if (a <= 0) return [-Infinity, Infinity];
  const root = Math.sqrt(Math.max(0, b * b - a * c));
  return [(b - root) / a, (b + root) / a];
}
