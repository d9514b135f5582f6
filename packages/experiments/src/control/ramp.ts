import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import { shareAt } from '../documents/check-change.ts';
import { timeOf } from '../documents/check-spec.ts';
import { problem, refuseErrors } from '../documents/problem.ts';

/**
 * The spec with a ramp that reaches `share` at `atS`: steps that are over stay, later ones stay where they let in more.
 * @throws `ramp_invalid` unless it grows
 */
export function rampedSpec(
  experiment: string,
  spec: ExperimentSpec,
  { share, atS, nowS }: { share: number; atS: number; nowS: number },
): ExperimentSpec {
  const refuse = (field: string, reason: string) => refuseErrors(experiment, [problem('ramp_invalid', field, reason)]);
  if (atS < nowS - 1) refuse('at', 'it is in the past');
  const had = shareAt(spec, atS);
  if (share <= had) refuse('share', `${share} is not more than the ${had} that it lets in by then`);
  const before = spec.ramp.filter(({ at }) => timeOf(at) < atS);
  const after = spec.ramp.filter((step) => timeOf(step.at) > atS && step.share >= share);
  return { ...spec, ramp: [...before, { at: new Date(atS * 1000).toISOString(), share }, ...after] };
}
