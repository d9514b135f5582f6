import type { ArmEstimate } from './arm-estimate.ts';

/** Why a number cannot be had. Neither a pass nor a fail: a decision that meets one does not advance. */
export type NotComputableReason =
  | 'too_few_users'
  | 'too_few_events'
  | 'not_finite'
  | 'inconsistent_moments'
  | 'zero_variance'
  | 'control_mean_not_positive';

export interface NotComputable {
  readonly status: 'not_computable';
  readonly reason: NotComputableReason;
}

/** Treatment against control: an estimate with its error, ready for any way of deciding (fixed, sequential, ...). */
export interface Effect {
  readonly status: 'ok';
  readonly scale: 'absolute' | 'relative';
  /** Units of the metric, or a fraction of control's value (.05 = +5 %). */
  readonly value: number;
  readonly standardError: number;
  /** Welch-Satterthwaite degrees of freedom. */
  readonly freedom: number;
  /** Users of both arms. */
  readonly users: number;
  /** Users of the smaller arm. */
  readonly usersSmallest: number;
  /** Mean of the denominator per user over both arms; a mean has 1, the default. */
  readonly denominator?: number;
}

export const notComputable = (reason: NotComputableReason): NotComputable => ({ status: 'not_computable', reason });

/** Fewest users in an arm that have a variance. */
const USERS_MIN = 2;

/** Treatment minus control. */
export function absoluteEffect(control: ArmEstimate, treatment: ArmEstimate): Effect | NotComputable {
  const squaredError = control.squaredError + treatment.squaredError;
  return effect('absolute', control, treatment, treatment.value - control.value, squaredError);
}

/**
 * (treatment - control) / control, by the delta method; degrees of freedom from the absolute variances. A control whose
 * value is not above zero has no relative lift. Our deviation: a treatment in which nobody did it, for which the delta
 * method has no error at all, gets the error that it would have without an effect, so that a shop which sells nothing
 * any more is seen.
 *
 * Source: Deng, Knoblich, Lu 2018, section 3.1: Var = v_T / (n_T m_C²) + v_C m_T² / (n_C m_C⁴).
 * `extraSquaredError` is the part of CUPED's common centre (cuped.ts).
 */
export function relativeEffect(
  control: ArmEstimate,
  treatment: ArmEstimate,
  extraSquaredError = 0,
): Effect | NotComputable {
  if (control.value <= 0) return notComputable('control_mean_not_positive');
  const ratio = treatment.value / control.value;
  const isNone = ratio === 0 && treatment.squaredError === 0;
  const squaredError =
    (treatment.squaredError + control.squaredError * (isNone ? 1 : ratio * ratio)) / (control.value * control.value);
  return effect('relative', control, treatment, ratio - 1, squaredError + extraSquaredError);
}

function effect(
  scale: Effect['scale'],
  control: ArmEstimate,
  treatment: ArmEstimate,
  value: number,
  squaredError: number,
): Effect | NotComputable {
  const usersSmallest = Math.min(control.users, treatment.users);
  if (!(usersSmallest >= USERS_MIN)) return notComputable('too_few_users');
  if (!Number.isFinite(value) || !Number.isFinite(squaredError)) return notComputable('not_finite');
  if (control.squaredError < 0 || treatment.squaredError < 0) return notComputable('inconsistent_moments');
  if (!(squaredError > 0)) return notComputable('zero_variance');
  return {
    status: 'ok',
    scale,
    value,
    standardError: Math.sqrt(squaredError),
    freedom: welchFreedom(control, treatment),
    users: control.users + treatment.users,
    usersSmallest,
    denominator: perUser(control, treatment),
  };
}

function perUser(a: ArmEstimate, b: ArmEstimate): number {
  return ((a.denominator ?? 1) * a.users + (b.denominator ?? 1) * b.users) / (a.users + b.users);
}

function welchFreedom(a: ArmEstimate, b: ArmEstimate): number {
  const sum = a.squaredError + b.squaredError;
  return (sum * sum) / (a.squaredError ** 2 / a.freedom + b.squaredError ** 2 / b.freedom);
}
