import { meanEstimate, ratioEstimate, type Arm, type ArmEstimate } from '../../../src/statistics/arm-estimate.ts';
import { cuped, cupedRelativeEffect, type CupedMetric } from '../../../src/statistics/cuped.ts';
import { relativeEffect, type Effect, type NotComputable } from '../../../src/statistics/effect.ts';
import type { Group } from './shop.ts';

/** A metric as an experiment's plan would have it. */
export interface Metric {
  readonly name: string;
  readonly group: Group;
  /** Estimates of the arms, and the relative lift of each over the first. */
  analyse(arms: readonly Arm[]): { estimates: readonly ArmEstimate[]; lifts: (Effect | NotComputable)[] };
}

const plain =
  (estimate: (arm: Arm) => ArmEstimate): Metric['analyse'] =>
  (arms) => {
    const estimates = arms.map(estimate);
    return { estimates, lifts: estimates.slice(1).map((treatment) => relativeEffect(estimates[0]!, treatment)) };
  };

const adjusted =
  (metric: CupedMetric): Metric['analyse'] =>
  (arms) => {
    const fit = cuped(arms, metric);
    return { estimates: fit.arms, lifts: arms.slice(1).map((_, arm) => cupedRelativeEffect(fit, 0, arm + 1)) };
  };

const MEAN = { kind: 'mean', variable: 0, covariate: 1 } as const;
const RATIO = { kind: 'ratio', numerator: 0, denominator: 1, covariateNumerator: 2, covariateDenominator: 3 } as const;

export const METRICS: readonly Metric[] = [
  { name: 'conversion per user', group: 'conversion', analyse: plain((arm) => meanEstimate(arm)) },
  { name: 'revenue per user, raw', group: 'revenue', analyse: plain((arm) => meanEstimate(arm)) },
  { name: 'revenue per user, winsorised', group: 'capped', analyse: plain((arm) => meanEstimate(arm)) },
  { name: 'the same with CUPED', group: 'capped', analyse: adjusted(MEAN) },
  { name: 'click-through rate', group: 'clicks', analyse: plain((arm) => ratioEstimate(arm)) },
  { name: 'the same with CUPED ', group: 'clicks', analyse: adjusted(RATIO) },
];
