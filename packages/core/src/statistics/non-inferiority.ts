import { normalTail, normalTailQuantile } from './distributions.ts';
import type { Effect, NotComputable } from './effect.ts';

export interface NonInferiority {
  readonly status: 'ok';
  /** Standard errors by which the effect lies on the good side of the margin. */
  readonly z: number;
  /** One-sided: how often a treatment exactly at the margin looks this good. */
  readonly pValue: number;
  /** The worst effect that is not excluded, in the effect's scale and sign. */
  readonly worst: number;
  readonly nonInferior: boolean;
}

/**
 * Is the treatment at most `margin` worse than control? `margin` >= 0 in the effect's scale (.02 relative = 2 % worse);
 * `better` says which direction is good. Not significant does not mean non-inferior: too few users fail this test.
 *
 * Source: z = (effect + margin) / SE, Schuirmann 1987; in platforms: Spotify's decision rule.
 */
export function nonInferiority(
  effect: Effect | NotComputable,
  { margin, better = 'higher', alpha = 0.05 }: { margin: number; better?: 'higher' | 'lower'; alpha?: number },
): NonInferiority | NotComputable {
  if (effect.status !== 'ok') return effect;
  const sign = better === 'higher' ? 1 : -1;
  const z = (sign * effect.value + margin) / effect.standardError;
  const pValue = normalTail(z);
  const worst = effect.value - sign * normalTailQuantile(alpha) * effect.standardError;
  return { status: 'ok', z, pValue, worst, nonInferior: pValue <= alpha };
}
