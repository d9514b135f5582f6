import { isDeepStrictEqual } from 'node:util';
import type { ExperimentSpec, LayerSpec } from '@shortlist/core/contracts/experiment.ts';
import { timeOf } from './check-spec.ts';
import { problem, type Problem } from './problem.ts';

/** Parts of a spec that never change once units were assigned by it: others would then be in other variants. */
const FIXED = ['layer', 'type', 'startsAt'] as const;
/** Parts whose change tells nothing new about a unit that was in already: the phase of analysis goes on. */
const HARMLESS: ReadonlySet<string> = new Set(['description', 'owner', 'decisions', 'endsAt', 'ramp', 'allocation']);

/**
 * What a running experiment's document may not become. All else is a new configuration version, which keeps the salt;
 * see `startsNewPhase` for what that means to its numbers.
 */
export function* checkChange(
  experiment: string,
  before: ExperimentSpec,
  after: ExperimentSpec,
  nowS: number,
): Generator<Problem> {
  if (saltOf(experiment, before) !== saltOf(experiment, after)) {
    yield problem('salt_changed', 'spec.salt', 'everybody would be in another variant; stop it and start another one');
  }
  for (const field of FIXED) {
    if (isDeepStrictEqual(before[field], after[field])) continue;
    yield problem('running_change_refused', `spec.${field}`, 'it is running; stop it and start another one');
  }
  if (after.allocation < before.allocation) {
    const reason = `${after.allocation} is less than ${before.allocation}: units that are in would be put out`;
    yield problem('running_change_refused', 'spec.allocation', reason);
  }
  const [had, has] = [shareAt(before, nowS), shareAt(after, nowS)];
  if (has < had) {
    const reason = `it lets in ${has} now, and it was ${had}: units that are in would be put out`;
    yield problem('ramp_invalid', 'spec.ramp', reason);
  }
}

/**
 * Whether a version begins a new phase of analysis, which counts its days, looks and units from zero: yes when weights,
 * variants, targeting, metrics or the analysis plan changed; no when it only lets more units in, or changed words.
 */
export function startsNewPhase(before: ExperimentSpec, after: ExperimentSpec): boolean {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof ExperimentSpec>;
  return [...keys].some((key) => !HARMLESS.has(key) && !isDeepStrictEqual(before[key], after[key]));
}

/** Share of the allocated units that are exposed at a moment. */
export function shareAt({ ramp }: ExperimentSpec, nowS: number): number {
  if (ramp.length === 0) return 1;
  return ramp.findLast(({ at }) => timeOf(at) <= nowS)?.share ?? 0;
}

export const saltOf = (name: string, { salt }: ExperimentSpec | LayerSpec): string => salt ?? name;
