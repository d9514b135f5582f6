import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import {
  minimumDetectableEffect,
  proportionBaseline,
  requiredUsers,
  USERS_FLOOR,
  type Baseline,
} from '@shortlist/core/statistics/power.ts';

export interface PowerInput {
  /** Of the metric: a share for one of shares, else a mean. */
  readonly baseline: number;
  /** Standard deviation over mean; null: the metric is a share of units. */
  readonly cv: number | null;
  readonly effect: number;
  readonly alpha: number;
  readonly power: number;
  /** Treatments beside control. */
  readonly treatments: number;
  readonly guardrails: number;
  /** Of all units that come into the experiment; null: unknown. */
  readonly unitsPerDay: number | null;
}

export interface PowerReport {
  readonly unitsPerVariant: number;
  readonly unitsTotal: number;
  /** Null: the pace is not known. */
  readonly days: number | null;
  /** What the floor of units alone would find. */
  readonly detectableAtFloor: number;
}

/** Units needed to find an effect, and how long they take. @throws `field_invalid` */
export function powerReport(input: PowerInput): PowerReport {
  const { baseline: value, cv, effect, alpha, power, treatments, guardrails, unitsPerDay } = input;
  if (!(value > 0) || (cv === null && value >= 1)) {
    const reason = cv === null ? 'a share lies between 0 and 1; for a mean give --cv too' : 'must be above 0';
    throw new ShortlistError('field_invalid', { field: '--baseline', reason });
  }
  const baseline: Baseline = cv === null ? proportionBaseline(value) : { value, variance: (cv * value) ** 2 };
  const plan = { minimumEffect: effect, alpha, power, comparisons: treatments, guardrails };
  const unitsPerVariant = Math.max(USERS_FLOOR, requiredUsers(baseline, plan).treatment);
  const unitsTotal = unitsPerVariant * (treatments + 1);
  const floor = { control: USERS_FLOOR, treatment: USERS_FLOOR };
  return {
    unitsPerVariant,
    unitsTotal,
    days: unitsPerDay === null ? null : Math.ceil(unitsTotal / unitsPerDay),
    detectableAtFloor: minimumDetectableEffect(baseline, floor, plan),
  };
}
