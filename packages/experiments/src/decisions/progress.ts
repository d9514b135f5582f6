import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import type { Evidence } from './evidence.ts';
import { isNumber } from './look.ts';

const DAY_S = 86_400;

/** How far an experiment is on its way to its planned size. */
export interface Progress {
  /** Since the phase began. */
  readonly days: number;
  /** Of the smallest arm with a weight. */
  readonly units: number;
  /** Per variant: the larger of the plan's floor and what the first success metric needs; null while unknown. */
  readonly unitsRequired: number | null;
  /** `units` over what is required, at most 1; null while unknown. */
  readonly fraction: number | null;
  /** At the pace so far, until both the size and the least duration are there; null while unknown. */
  readonly daysToGo: number | null;
  /** At this pace the planned effect could not be found within `daysMax`. */
  readonly underpowered: boolean;
}

/** Power as an answer: what is required, what is there, and how long it takes. `nowS`: unix seconds. */
export function progressOf({ analysis }: ExperimentSpec, evidence: Evidence, nowS: number): Progress {
  const days = Math.max(0, (nowS - evidence.startedAtS) / DAY_S);
  const counts = evidence.arms.filter(({ weight }) => weight > 0).map(({ units }) => units);
  const units = counts.length === 0 ? 0 : Math.min(...counts);
  // The first success metric plans the looks; the others are tested when it is looked at.
  const needed = evidence.metrics.find(({ role }) => role === 'success')?.requiredUnits ?? null;
  if (!isNumber(needed) || needed <= 0) {
    return { days, units, unitsRequired: null, fraction: null, daysToGo: null, underpowered: false };
  }
  const unitsRequired = Math.max(analysis.unitsMin, Math.ceil(needed));
  const fraction = Math.min(1, units / unitsRequired);
  const missing = Math.max(0, unitsRequired - units);
  const daysOfUnits = missing === 0 ? 0 : units === 0 || days === 0 ? null : (missing * days) / units;
  const daysToGo = daysOfUnits === null ? null : Math.max(daysOfUnits, analysis.daysMin - days, 0);
  const underpowered = daysOfUnits === null ? days >= analysis.daysMax : days + daysOfUnits > analysis.daysMax;
  return { days, units, unitsRequired, fraction, daysToGo, underpowered };
}
