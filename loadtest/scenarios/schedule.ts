import type { Phase } from './scenario.ts';

/** What k6's `ramping-arrival-rate` is told. A jump to another rate is a stage of no time. */
export interface Stage {
  readonly duration: string;
  readonly target: number;
}

export function stagesOf(phases: readonly Phase[]): Stage[] {
  return phases.flatMap(({ shape, rate, seconds }) => [
    ...(shape === 'hold' ? [{ duration: '0s', target: rate }] : []),
    { duration: `${seconds * 1000}ms`, target: rate },
  ]);
}

interface Stretch {
  readonly fromMs: number;
  readonly ms: number;
  /** Requests that were due before it. */
  readonly before: number;
  /** Per millisecond, at its two ends. */
  readonly first: number;
  readonly last: number;
}

/**
 * When each request is due: the n-th at the moment at which the area under the rate reaches n + 1. The same arithmetic as
 * k6's `RampingArrivalRateConfig.cal`, so that an iteration knows how late it begins.
 */
export class Schedule {
  readonly #stretches: readonly Stretch[];
  /** Requests in all, those that are due before the end. */
  readonly planned: number;
  readonly totalMs: number;

  constructor(phases: readonly Phase[]) {
    let [fromMs, before, rate] = [0, 0, 0];
    this.#stretches = phases.map((phase) => {
      const last = phase.rate / 1000;
      const first = phase.shape === 'ramp' ? rate : last;
      const stretch = { fromMs, ms: phase.seconds * 1000, before, first, last };
      fromMs += stretch.ms;
      before += ((first + last) / 2) * stretch.ms;
      rate = last;
      return stretch;
    });
    this.totalMs = fromMs;
    // One that is due at the very end is not made any more; 1e-6, since a sum may be like 0.1 + 0.2.
    this.planned = Math.ceil(before - 1e-6) - 1;
  }

  /** Milliseconds from the start until request `n` (from 0) is due. */
  dueMs(n: number): number {
    const area = n + 1;
    let at = this.#stretches.length - 1;
    while (at > 0 && this.#stretches[at]!.before >= area) at--;
    const { fromMs, ms, before, first, last } = this.#stretches[at]!;
    const rest = area - before;
    if (first === last) return fromMs + rest / first;
    const root = Math.sqrt(Math.max(0, ms * (first * first * ms + 2 * rest * (last - first))));
    return fromMs + (first * ms - root) / (first - last);
  }

  /** Index of the phase that a moment belongs to. */
  phaseAt(ms: number): number {
    let at = this.#stretches.length - 1;
    while (at > 0 && this.#stretches[at]!.fromMs > ms) at--;
    return at;
  }
}
