import { tQuantile, tTwoSided } from './distributions.ts';
import type { Effect, NotComputable } from './effect.ts';

/** Interval and p-value of an effect against "no effect". */
export interface Inference {
  readonly status: 'ok';
  readonly low: number;
  readonly high: number;
  readonly pValue: number;
}

/**
 * Two-sided t-test with unequal variances at one look that was fixed beforehand. Looking daily for a week and stopping
 * at the first p < .05 errs in 17 % of experiments: use a confidence sequence or Lan-DeMets bounds for that.
 *
 * Source: Welch 1947; on relative lift as Deng, Knoblich, Lu 2018.
 */
export function welch(effect: Effect | NotComputable, { alpha = 0.05 } = {}): Inference | NotComputable {
  if (effect.status !== 'ok') return effect;
  const { value, standardError, freedom } = effect;
  const half = tQuantile(1 - alpha / 2, freedom) * standardError;
  return {
    status: 'ok',
    low: value - half,
    high: value + half,
    pValue: tTwoSided(value / standardError, freedom),
  };
}
