import { count, ms, percent, shareOf } from './format.ts';
import type { Result } from './result.ts';

export const PHASE_COLUMNS = [
  'phase',
  'asked/s',
  'served/s',
  'p50',
  'p95',
  'p99',
  'p99.9',
  'max',
  'refused',
  'degraded',
  'errors',
] as const;
export const PHASE_NOTE = 'Milliseconds, of accepted answers, from the moment a request was due. * not judged.';

/** One row for each phase, under PHASE_COLUMNS. */
export function phaseRows({ phases }: Pick<Result, 'phases'>): string[][] {
  return phases.map((phase) => [
    `${phase.name}${phase.judged ? '' : ' *'}`,
    `${phase.shape === 'ramp' ? '→ ' : ''}${count(phase.rate)}`,
    count(phase.accepted / phase.seconds),
    ...[phase.p50Ms, phase.p95Ms, phase.p99Ms, phase.p999Ms, phase.maxMs].map(ms),
    percent(shareOf(phase.shed, phase.requests)),
    percent(shareOf(phase.degraded, phase.accepted)),
    percent(shareOf(phase.failed, phase.requests)),
  ]);
}
