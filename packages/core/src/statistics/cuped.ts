import {
  armMean,
  linearCovariance,
  linearEstimate,
  meanEstimate,
  ratioCoefficients,
  ratioEstimate,
  unit,
  usersOf,
  type Arm,
  type ArmEstimate,
} from './arm-estimate.ts';
import { relativeEffect, type Effect, type NotComputable } from './effect.ts';

/** Which variables of the moments are the outcome, and which say how the same users were before the experiment. */
export type CupedMetric =
  | { readonly kind: 'mean'; readonly variable: number; readonly covariate: number }
  | {
      readonly kind: 'ratio';
      readonly numerator: number;
      readonly denominator: number;
      readonly covariateNumerator: number;
      readonly covariateDenominator: number;
    };

/** An arm whose value is adjusted to what all arms' users were like before. */
interface AdjustedArm extends ArmEstimate {
  /** Covariance of the value (its centre held fixed) with the common centre. */
  readonly covarianceWithCentre: number;
}

export interface CupedFit {
  /** Slope of the outcome on the covariate; 0 when the covariate does not vary. */
  readonly theta: number;
  /** Variance left of the outcome's, 0..1: users needed shrink by as much. */
  readonly varianceKept: number;
  /** In the order given. `absoluteEffect` of two of them is right as it is: the common centre cancels. */
  readonly arms: readonly AdjustedArm[];
  readonly centreSquaredError: number;
}

/**
 * CUPED: takes out of each arm's value what the users' own past explains. The covariate must be from before the user's
 * first exposure; users without a past have 0 there. Never worse than without, in large samples.
 *
 * theta is pooled over arms from covariances around each arm's own mean (and each ramp phase's), which makes the adjusted
 * difference the coefficient of ANCOVA; a covariance around the common mean would take a part of the effect for
 * correlation. The centre is the mean over all arms, so that a lift is relative to what all users were like: a centre
 * of zero once turned +10 % into +194 %.
 *
 * Source: Deng, Xu, Kohavi, Walker 2013, equations 2-4. Ratios: the same on linearised ratios (Deng et al., appendix B);
 * our deviation: the covariate is linearised around the ratio of all arms.
 */
export function cuped(arms: readonly Arm[], metric: CupedMetric): CupedFit {
  const total = arms.reduce((sum, arm) => sum + usersOf(arm), 0);
  const covariate = covariateCoefficients(arms, metric, total);
  const outcomes = arms.map((arm) =>
    metric.kind === 'mean' ? unit(arm, metric.variable) : ratioCoefficients(arm, metric.numerator, metric.denominator),
  );
  const cross = within(arms, (a) => [outcomes[a]!, covariate]);
  const squares = within(arms, () => [covariate, covariate]);
  const theta = squares > 0 ? cross / squares : squares === 0 ? 0 : NaN;
  const outcomeSquares = within(arms, (a) => [outcomes[a]!, outcomes[a]!]);
  const past = arms.map((arm) => dot(covariate, arm));
  const centre = past.reduce((sum, value, a) => sum + (value * usersOf(arms[a]!)) / total, 0);
  let centreSquaredError = 0;
  const adjusted = arms.map((arm, a): AdjustedArm => {
    const raw =
      metric.kind === 'mean'
        ? meanEstimate(arm, metric.variable)
        : ratioEstimate(arm, metric.numerator, metric.denominator);
    const coefficients = outcomes[a]!.map((outcome, i) => outcome - theta * covariate[i]!);
    const share = usersOf(arm) / total;
    centreSquaredError += share * share * covarianceOfMeans(arm, covariate, covariate);
    return {
      ...linearEstimate(arm, raw.value - theta * (past[a]! - centre), coefficients, raw.denominator),
      covarianceWithCentre: share * covarianceOfMeans(arm, coefficients, covariate),
    };
  });
  const varianceKept = outcomeSquares > 0 ? 1 - (theta * cross) / outcomeSquares : 1;
  return { theta, varianceKept, arms: adjusted, centreSquaredError };
}

/**
 * Relative lift between two adjusted arms. Both contain the common centre, which does not cancel in a quotient: without
 * its part the interval of a large lift is wrong (too narrow in growthbook#3610; 2-3 times too wide where the slope
 * grows with the lift, `test/statistics/cuped.test.ts`).
 *
 * Delta method over (arm, arm, centre) with gradient (1/C, -T/C², theta (C - T)/C²).
 */
export function cupedRelativeEffect(fit: CupedFit, control: number, treatment: number): Effect | NotComputable {
  const [c, t] = [fit.arms[control]!, fit.arms[treatment]!];
  const byCentre = (fit.theta * (c.value - t.value)) / c.value ** 2;
  const extra =
    byCentre ** 2 * fit.centreSquaredError +
    2 * byCentre * (t.covarianceWithCentre / c.value - (t.value * c.covarianceWithCentre) / c.value ** 2);
  return relativeEffect(c, t, extra);
}

function covariateCoefficients(arms: readonly Arm[], metric: CupedMetric, total: number): number[] {
  if (metric.kind === 'mean') return unit(arms[0]!, metric.covariate);
  const pooled = (variable: number): number =>
    arms.reduce((sum, arm) => sum + (armMean(arm, variable) * usersOf(arm)) / total, 0);
  const bottom = pooled(metric.covariateDenominator);
  const coefficients = unit(arms[0]!, metric.covariateNumerator).fill(0);
  // Nobody has a past: nothing to adjust by.
  if (bottom === 0) return coefficients;
  coefficients[metric.covariateNumerator]! += 1 / bottom;
  coefficients[metric.covariateDenominator]! -= pooled(metric.covariateNumerator) / bottom / bottom;
  return coefficients;
}

/** Sum over users of products of two linear combinations, each around the mean of its own arm and phase. */
function within(arms: readonly Arm[], pair: (arm: number) => [number[], number[]]): number {
  let sum = 0;
  arms.forEach((arm, a) => {
    const [left, right] = pair(a);
    for (const { moments } of arm) sum += (moments.count - 1) * linearCovariance(moments, left, right);
  });
  return sum;
}

const covarianceOfMeans = (arm: Arm, a: readonly number[], b: readonly number[]): number =>
  arm.reduce(
    (sum, { weight, moments }) => sum + (weight * weight * linearCovariance(moments, a, b)) / moments.count,
    0,
  );

const dot = (coefficients: readonly number[], arm: Arm): number =>
  coefficients.reduce((sum, coefficient, i) => (coefficient === 0 ? sum : sum + coefficient * armMean(arm, i)), 0);
