import { armOf, ratioEstimate } from './arm-estimate.ts';
import { confidenceSequence, type SequenceOptions } from './confidence-sequence.ts';
import { absoluteEffect, notComputable, type NotComputable } from './effect.ts';
import type { Moments } from './moments.ts';

export interface ExceedanceGuard {
  readonly status: 'ok';
  /** Share of requests above the limit (or failed) in each arm. */
  readonly control: number;
  readonly treatment: number;
  /** Treatment minus control, with a confidence sequence: holds at all looks together. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly pValue: number;
  /** The treatment is worse by more than the margin, and is beyond what is allowed at all. */
  readonly harm: boolean;
}

/** Fewest exceedances in both arms together: below, the share of a rare event is far from normal. */
const EVENTS_MIN = 30;

/**
 * Always-valid guard of a latency quantile or an error rate.
 *
 * A quantile above a limit is the same as too many requests above it: p99 > 150 ms exactly when more than 1 % of the requests
 * take longer than 150 ms. So with the limit fixed in the plan, "p99 regressed" becomes a difference of two shares,
 * clicks-through-rate-like: per user the requests above the limit and the requests; delta method (requests of one user
 * are alike); asymptotic confidence sequence. Errors are the same with "failed" for "above the limit".
 *
 * `control`, `treatment`: moments of [requests above the limit, requests] per user. `allowed`: the share that is no harm
 * by itself (.01 for a p99, 0 for errors), so that a difference within a healthy tail rolls nothing back. `margin`: the
 * difference of shares that is tolerated. A confidence band of whole distributions (DKW-type: Howard & Ramdas 2022)
 * would need no limit, but takes requests for independent, which those of one user are not.
 */
export function exceedanceGuard(
  control: Moments,
  treatment: Moments,
  { allowed = 0, margin = 0, ...options }: { allowed?: number; margin?: number } & SequenceOptions = {},
): ExceedanceGuard | NotComputable {
  if (control.sums[0]! + treatment.sums[0]! < EVENTS_MIN) return notComputable('too_few_events');
  const [c, t] = [ratioEstimate(armOf(control)), ratioEstimate(armOf(treatment))];
  const effect = absoluteEffect(c, t);
  const sequence = confidenceSequence(effect, options);
  if (effect.status !== 'ok') return effect;
  if (sequence.status !== 'ok') return sequence;
  return {
    ...sequence,
    control: c.value,
    treatment: t.value,
    difference: effect.value,
    harm: sequence.low > margin && t.value > allowed,
  };
}
