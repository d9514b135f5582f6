import { covarianceOf, type Moments } from './moments.ts';

/** Users of one arm in one ramp phase, and the phase's share of all users of the experiment. */
export interface Cell {
  readonly weight: number;
  readonly moments: Moments;
}

/** An arm: one cell of weight 1, or a cell per ramp phase (`stratify`), whose weights add to 1. */
export type Arm = readonly Cell[];

export const armOf = (moments: Moments): Arm => [{ weight: 1, moments }];

/** What an arm says about a metric. Every test works on two of these, whatever kind the metric is. */
export interface ArmEstimate {
  readonly users: number;
  readonly value: number;
  /** Square of the standard error of `value`. */
  readonly squaredError: number;
  /** Degrees of freedom of `squaredError` (Satterthwaite over the cells). */
  readonly freedom: number;
  /** Mean of the denominator per user: what a ratio's information grows with; a mean has 1, the default. */
  readonly denominator?: number;
}

/** Users of the arm. */
export const usersOf = (arm: Arm): number => arm.reduce((users, { moments }) => users + moments.count, 0);

/** Mean of a variable, each cell at its weight. */
export const armMean = (arm: Arm, variable: number): number =>
  arm.reduce((mean, { weight, moments }) => mean + (weight * moments.sums[variable]!) / moments.count, 0);

/** Mean per user of a variable. */
export const meanEstimate = (arm: Arm, variable = 0): ArmEstimate =>
  linearEstimate(arm, armMean(arm, variable), unit(arm, variable));

/**
 * Ratio of two sums over users, such as clicks / impressions, with users as the unit of analysis. An interval that took
 * clicks as the unit would be too narrow, by 2.6 times in variance with heavy users.
 *
 * Source: Deng, Knoblich, Lu 2018, arXiv 1803.06336, equation 5: Var = [s²_Y - 2R s_YX + R² s²_X] / (n X̄²).
 */
export function ratioEstimate(arm: Arm, numerator = 0, denominator = 1): ArmEstimate {
  const bottom = armMean(arm, denominator);
  const ratio = armMean(arm, numerator) / bottom;
  return linearEstimate(arm, ratio, ratioCoefficients(arm, numerator, denominator), bottom);
}

/**
 * Share of users who did it, with the variance p(1 - p)/n of the binomial (`meanEstimate` of the 0/1 variable has n - 1
 * below). Not stratified.
 */
export function proportionEstimate(users: number, successes: number): ArmEstimate {
  const value = successes / users;
  return { users, value, squaredError: (value * (1 - value)) / users, freedom: users - 1, denominator: 1 };
}

/** Coefficients of the linearised ratio over the means of the variables. */
export function ratioCoefficients(arm: Arm, numerator: number, denominator: number): number[] {
  const coefficients = unit(arm, numerator).fill(0);
  const bottom = armMean(arm, denominator);
  coefficients[numerator]! += 1 / bottom;
  coefficients[denominator]! -= armMean(arm, numerator) / bottom / bottom;
  return coefficients;
}

/** An estimate whose error is that of `coefficients · means`. */
export function linearEstimate(arm: Arm, value: number, coefficients: readonly number[], denominator = 1): ArmEstimate {
  let squaredError = 0;
  let squares = 0;
  for (const { weight, moments } of arm) {
    const part = (weight * weight * linearCovariance(moments, coefficients, coefficients)) / moments.count;
    squaredError += part;
    squares += (part * part) / (moments.count - 1);
  }
  return {
    users: usersOf(arm),
    value,
    squaredError,
    freedom: squares > 0 ? (squaredError * squaredError) / squares : usersOf(arm) - arm.length,
    denominator,
  };
}

/**
 * Covariance per user of two linear combinations of the variables. What rounding leaves of terms that cancel (a ratio that
 * is the same for everybody) is zero.
 */
export function linearCovariance(moments: Moments, a: readonly number[], b: readonly number[]): number {
  let [covariance, size] = [0, 0];
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < b.length; j++) {
      if (a[i] === 0 || b[j] === 0) continue;
      const term = a[i]! * b[j]! * covarianceOf(moments, i, j);
      covariance += term;
      size += Math.abs(term);
    }
  return Math.abs(covariance) <= 1e-12 * size ? 0 : covariance;
}

/** Coefficients that pick one variable. */
export function unit(arm: Arm, variable: number): number[] {
  const coefficients = new Array<number>(arm[0]?.moments.sums.length ?? 0).fill(0);
  coefficients[variable] = 1;
  return coefficients;
}
