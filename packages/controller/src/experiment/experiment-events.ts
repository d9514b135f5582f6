import type { ExperimentStatus } from '@shortlist/core/contracts/experiment-resource.ts';
import { conditionOf } from '../runtime/conditions.ts';
import type { NewEvent } from '../runtime/event-recorder.ts';
import { camelCase, SERVICE_UNAVAILABLE } from './experiment-status.ts';

const WARNINGS = new Set(['rolled_back', 'needs_attention']);

/**
 * What a person should be told of when a status becomes another one: a new state with its decision, a refusal, a service
 * that went away or came back. Each has its own `transition`, so that it is told once whoever finds it again. Pure.
 */
export function eventsOf(before: ExperimentStatus, after: ExperimentStatus): readonly NewEvent[] {
  return [...stateEvents(before, after), ...acceptedEvents(before, after), ...serviceEvents(before, after)];
}

function* stateEvents(before: ExperimentStatus, after: ExperimentStatus): Generator<NewEvent> {
  const { state, version, decisions = [], decision } = after;
  const last = decisions.findLast(({ action }) => action !== 'look');
  if (state !== undefined && state !== before.state) {
    yield {
      type: WARNINGS.has(state) ? 'Warning' : 'Normal',
      ...{ reason: camelCase(state), action: 'Observe' },
      note:
        state === 'draft'
          ? 'It is a draft in the experiments service.'
          : `${before.state ?? 'new'} -> ${state}${last === undefined ? '' : `: ${decision}`}`,
      transition: `${state}/${version}/${last?.id ?? 0}`,
    };
  }
  const isNews = last?.dryRun === true && !(before.decisions ?? []).some(({ id }) => id === last.id);
  if (isNews) {
    yield {
      ...{ type: 'Normal', reason: 'WouldDecide', action: 'Observe' },
      ...{ note: decision ?? last.reason, transition: `decision/${last.id}` },
    };
  }
}

function* acceptedEvents(before: ExperimentStatus, after: ExperimentStatus): Generator<NewEvent> {
  const [was, is] = [conditionOf(before.conditions, 'Accepted'), conditionOf(after.conditions, 'Accepted')];
  if (is === undefined) return;
  const isRefused = is.status === 'False';
  const isNews = isRefused ? was?.status !== 'False' || was.message !== is.message : was?.status === 'False';
  const isNewVersion = !isRefused && before.version !== undefined && before.version !== after.version;
  if (!isNews && !isNewVersion) return;
  yield {
    type: isRefused ? 'Warning' : 'Normal',
    ...{ reason: isRefused ? 'Refused' : 'Applied', action: 'Apply', note: is.message },
    transition: isNewVersion
      ? `version/${after.version}`
      : [is.message, is.observedGeneration, was?.lastTransitionTime].join('/'),
  };
}

function* serviceEvents(before: ExperimentStatus, after: ExperimentStatus): Generator<NewEvent> {
  const [was, is] = [conditionOf(before.conditions, 'Ready'), conditionOf(after.conditions, 'Ready')];
  const [wasAway, isAway] = [was?.reason === SERVICE_UNAVAILABLE, is?.reason === SERVICE_UNAVAILABLE];
  if (is === undefined || wasAway === isAway) return;
  yield {
    type: isAway ? 'Warning' : 'Normal',
    reason: isAway ? SERVICE_UNAVAILABLE : 'ServiceAvailable',
    ...{ action: 'Observe', note: isAway ? is.message : 'The experiments service answers again.' },
    transition: was?.lastTransitionTime ?? 'first',
  };
}
