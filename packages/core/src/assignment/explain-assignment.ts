import { bucketOf } from './bucket.ts';
import { phaseOf, refusalOf, assign, type AssignmentInput, type Refusal } from './assign.ts';
import type { CompiledLayer, CompiledSnapshot } from './compiled-snapshot.ts';
import { isHeldOut, ownerOf } from './placement.ts';

/** Why a request is, or is not, in an experiment of a layer. */
export interface LayerExplanation {
  readonly layer: string;
  readonly outcome: 'assigned' | 'no_unit' | 'holdout' | 'unallocated' | Refusal;
  /** `u:<user id>` or `s:<session id>`; null when the request names none of the layer's kind. */
  readonly unit: string | null;
  /** The experiment that the unit's bucket belongs to. */
  readonly experiment: string | null;
  readonly variant: string | null;
  /** Ramp step from 0; null where no experiment is concerned, -1 before the first. */
  readonly phase: number | null;
  /** Every hash that was looked at, in that order. */
  readonly buckets: Readonly<Record<string, number>>;
}

/** `assign`, with what it looked at on the way, for each layer. */
export function explainAssignment(snapshot: CompiledSnapshot, input: AssignmentInput): LayerExplanation[] {
  const assigned = assign(snapshot, input);
  return snapshot.layers.map((layer) => {
    const { enrolment } = assigned.find(({ experiment }) => experiment.layer === layer.name) ?? {};
    const explanation = explainLayer(layer, input);
    return enrolment === undefined ? explanation : { ...explanation, variant: enrolment.assigned };
  });
}

function explainLayer(layer: CompiledLayer, input: AssignmentInput): LayerExplanation {
  const id = layer.unit === 'user' ? input.userId : input.sessionId;
  const none = { layer: layer.name, experiment: null, variant: null, phase: null, buckets: {} };
  if (id === undefined) return { ...none, outcome: 'no_unit', unit: null };
  const unit = `${layer.unit === 'user' ? 'u' : 's'}:${id}`;
  const holdout = bucketOf('holdout', layer.salt, id);
  if (isHeldOut(layer, id)) return { ...none, outcome: 'holdout', unit, buckets: { holdout } };
  const ofLayer = { holdout, layer: bucketOf('layer', layer.salt, id) };
  const experiment = ownerOf(layer, id);
  if (experiment === null) return { ...none, outcome: 'unallocated', unit, buckets: ofLayer };
  const ramp = bucketOf('ramp', experiment.salt, id);
  const buckets = { ...ofLayer, ramp, variant: bucketOf('variant', experiment.salt, id) };
  const phase = phaseOf(experiment, input.nowS);
  const outcome = refusalOf({ experiment, ramp }, phase, input) ?? 'assigned';
  return { layer: layer.name, outcome, unit, experiment: experiment.name, variant: null, phase, buckets };
}
