import type { CompiledExperiment, CompiledSnapshot, CompiledTarget, CompiledVariant } from './compiled-snapshot.ts';
import type { Enrolment } from './enrolment.ts';
import { placeUnit, type Placement, type PlaceUnit } from './placement.ts';

/** What assigning reads of a request. */
export interface AssignmentInput {
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly context?:
    | {
        readonly surface?: string | undefined;
        readonly device?: string | undefined;
        readonly category?: string | undefined;
      }
    | undefined;
  /** What the caller knows of the user. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** Unix seconds. */
  readonly nowS: number;
}

export interface Assignment {
  readonly experiment: CompiledExperiment;
  readonly variant: CompiledVariant;
  /** As if the variant could be served. */
  readonly enrolment: Enrolment;
}

/** Why an experiment that may have a unit does not take a request. */
export type Refusal = 'not_started' | 'ended' | 'not_targeted' | 'not_ramped';

const NONE: readonly Assignment[] = [];

/**
 * The experiments that a request is in, in the order of the layers, one a layer at most: a pure function of snapshot,
 * units, context and time (docs/experiments/assignment.md). Hashes come from `place`; time, targets and ramp are asked
 * each time. 20 experiments in 5 layers: 9 us hashed, 0.25 us from kept placements (`make bench SUITE=assignment`).
 */
export function assign(
  snapshot: CompiledSnapshot,
  input: AssignmentInput,
  place: PlaceUnit = placeUnit(snapshot),
): readonly Assignment[] {
  const { layers } = snapshot;
  if (layers.length === 0) return NONE;
  const { userId, sessionId } = input;
  const ofUser = userId === undefined ? null : place('user', userId);
  const ofSession = sessionId === undefined ? null : place('session', sessionId);
  let assignments: Assignment[] | null = null;
  for (let l = 0; l < layers.length; l++) {
    const isUser = layers[l]!.unit === 'user';
    const placement = (isUser ? ofUser : ofSession)?.[l];
    if (placement === null || placement === undefined) continue;
    const phase = phaseOf(placement.experiment, input.nowS);
    if (refusalOf(placement, phase, input) !== null) continue;
    (assignments ??= []).push(assignmentOf(placement, phase, isUser ? `u:${userId!}` : `s:${sessionId!}`));
  }
  return assignments ?? NONE;
}

/** Ramp step that holds, from 0; -1 before the first. */
export function phaseOf({ stepsAtS }: CompiledExperiment, nowS: number): number {
  let phase = stepsAtS.length - 1;
  while (phase >= 0 && stepsAtS[phase]! > nowS) phase -= 1;
  return phase;
}

/** Null when the experiment takes the request. */
export function refusalOf(
  { experiment, ramp }: Pick<Placement, 'experiment' | 'ramp'>,
  phase: number,
  input: AssignmentInput,
): Refusal | null {
  if (input.nowS < experiment.startsAtS) return 'not_started';
  if (input.nowS >= experiment.endsAtS) return 'ended';
  for (const target of experiment.targeting) if (!holds(target, input)) return 'not_targeted';
  // A ramp never exposes fewer buckets than before, so whoever is in stays in.
  return phase < 0 || ramp >= experiment.stepsExposed[phase]! ? 'not_ramped' : null;
}

/** An attribute that is not known holds for no condition, `notIn` included. */
function holds({ from, name, among, notAmong }: CompiledTarget, { context, attributes }: AssignmentInput): boolean {
  const values = (from === 'context' ? context : attributes) as Readonly<Record<string, unknown>> | undefined;
  const value = values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
  if (typeof value !== 'string') return false;
  return (among === null || among.has(value)) && (notAmong === null || !notAmong.has(value));
}

function assignmentOf(placement: Placement, phase: number, unit: string): Assignment {
  if (placement.last?.enrolment.phase === phase) return placement.last;
  const { experiment } = placement;
  const variant = experiment.variants[experiment.type === 'interleaving' ? 1 : placement.variant]!;
  placement.last = {
    experiment,
    variant,
    enrolment: {
      experiment: experiment.name,
      version: experiment.version,
      unit,
      assigned: variant.name,
      served: variant.name,
      reason: null,
      phase,
      differs: null,
    },
  };
  return placement.last;
}
