import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { ExperimentState, StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';

export type Action = 'start' | 'roll_back' | 'promote' | 'stop' | 'needs_attention' | 'resume';
export type Actor = 'service' | 'person';

/** What an action does beside changing the state. */
type Effect = 'begin' | 'end' | 'make_default' | 'none';

interface Transition {
  readonly action: Action;
  readonly from: ExperimentState;
  readonly to: ExperimentState;
  readonly by: readonly Actor[];
  readonly effect: Effect;
}

const BOTH = ['service', 'person'] as const;
const PERSON = ['person'] as const;

/**
 * Every way in which an experiment's state changes; there is no other. `begin` gives it buckets of its layer (those
 * that it has stay its own), `end` takes them back, so that everybody gets control, and `make_default` does so and lays the variant over the defaults.
 */
export const TRANSITIONS: readonly Transition[] = [
  { action: 'start', from: 'draft', to: 'running', by: PERSON, effect: 'begin' },
  { action: 'roll_back', from: 'running', to: 'rolled_back', by: BOTH, effect: 'end' },
  { action: 'roll_back', from: 'needs_attention', to: 'rolled_back', by: BOTH, effect: 'end' },
  { action: 'roll_back', from: 'promoted', to: 'rolled_back', by: PERSON, effect: 'end' },
  { action: 'promote', from: 'running', to: 'promoted', by: BOTH, effect: 'make_default' },
  { action: 'promote', from: 'needs_attention', to: 'promoted', by: PERSON, effect: 'make_default' },
  { action: 'stop', from: 'running', to: 'stopped', by: PERSON, effect: 'end' },
  { action: 'stop', from: 'needs_attention', to: 'stopped', by: PERSON, effect: 'end' },
  { action: 'needs_attention', from: 'running', to: 'needs_attention', by: BOTH, effect: 'none' },
  { action: 'resume', from: 'needs_attention', to: 'running', by: PERSON, effect: 'begin' },
  { action: 'resume', from: 'rolled_back', to: 'running', by: PERSON, effect: 'begin' },
];

export interface Move {
  readonly action: Action;
  readonly by: Actor;
  /** Of `promote`. */
  readonly variant?: string | null;
  readonly nowS: number;
}

/**
 * The experiment after the move, and whether buckets have to be found for it. @throws `transition_refused` with what is
 * possible instead
 */
export function move(
  experiment: StoredExperiment,
  { action, by, variant = null, nowS }: Move,
): { readonly moved: StoredExperiment; readonly begins: boolean } {
  const { name, state, current } = experiment;
  const found = TRANSITIONS.find((one) => one.action === action && one.from === state && one.by.includes(by));
  if (found === undefined) {
    const possible = TRANSITIONS.filter((one) => one.from === state && one.by.includes(by)).map((one) => one.action);
    const instead = possible.length === 0 ? 'nothing can be done with it any more' : `possible: ${possible.join(', ')}`;
    throw new ShortlistError('transition_refused', {
      experiment: name,
      state,
      action,
      reason: `${action} is not possible; ${instead}`,
    });
  }
  const refusal = found.effect === 'make_default' ? refusalToPromote(experiment, variant) : null;
  if (refusal !== null)
    throw new ShortlistError('transition_refused', { experiment: name, state, action, reason: refusal });
  const moved = { ...experiment, state: found.to, resourceVersion: experiment.resourceVersion + 1 };
  if (found.effect === 'none') return { moved, begins: false };
  if (found.effect === 'begin') {
    // Resumed, it has a version and a phase of its own: the looks of the old one are made, and after a rollback who was in
    // has seen both.
    const version = state === 'draft' ? current.version : current.version + 1;
    const begun = { ...current, version, phase: version, startedAtS: nowS };
    const startedAtS = experiment.startedAtS ?? nowS;
    return { moved: { ...moved, current: begun, startedAtS, endedAtS: null, promoted: null }, begins: true };
  }
  const promoted = found.effect === 'make_default' ? variant : null;
  return { moved: { ...moved, buckets: [], endedAtS: nowS, promoted }, begins: false };
}

function refusalToPromote({ current: { spec } }: StoredExperiment, variant: string | null): string | null {
  if (spec.type === 'interleaving') return 'interleaving shows a preference only: decide by an A/B test';
  const at = spec.variants.findIndex(({ name }) => name === variant);
  if (at < 0) return `it has no variant ${variant ?? ''}`;
  return at === 0 ? `${variant} is control: stop the experiment instead` : null;
}
