import type { ReleasePhase } from '@shortlist/core/contracts/model-release-resource.ts';
import type { Facts } from './facts.ts';

/** Says in words why the transition is made; null: it is not. */
type Check = (facts: Facts) => string | null;

export interface Transition {
  readonly from: ReleasePhase;
  readonly to: ReleasePhase;
  /** For programs: reason of the conditions and of the Event. */
  readonly reason: string;
  readonly when: Check;
}

const all =
  (...checks: readonly Check[]): Check =>
  (facts) => {
    let words: string | null = null;
    for (const check of checks) {
      words = check(facts);
      if (words === null) return null;
    }
    return words;
  };
const strategyIs =
  (strategy: Facts['strategy']): Check =>
  (facts) =>
    facts.strategy === strategy ? '' : null;
const verdictIs =
  (...verdicts: readonly Facts['guard']['verdict'][]): Check =>
  ({ guard }) =>
    verdicts.includes(guard.verdict) ? guard.words : null;

const isRetried: Check = ({ attemptRaised }) => (attemptRaised ? 'spec.attempt was raised' : null);
const isNamed: Check = ({ isNamed: named, deployment }) =>
  named ? `the pod template of deployment ${deployment} names it` : null;
const isNamedNoMore: Check = ({ isNamed: named, wasApplied, deployment, templateRelease }) =>
  named || !wasApplied
    ? null
    : `the pod template of deployment ${deployment} names ${templateRelease ?? 'no release'} now, by another ModelRelease or \`kubectl rollout undo\``;
const isNext: Check = ({ isDeployed, waitsFor }) => (isDeployed && waitsFor === null ? 'it is its turn' : null);
const isDamaged: Check = ({ refusal }) =>
  refusal?.reason.startsWith('release_digest_mismatch') === true ? `pod ${refusal.pod}: ${refusal.reason}` : null;
const isRefused: Check = ({ refusal }) => (refusal === null ? null : `pod ${refusal.pod}: ${refusal.reason}`);
const isTooSlow: Check = ({ loadTimedOut, laggard, pods }) =>
  loadTimedOut
    ? `not loaded in time by ${pods.total - pods.loaded} of ${pods.total} pods: ${laggard ?? 'there are none'}`
    : null;
const isLoaded: Check = ({ pods }) =>
  pods.total > 0 && pods.loaded === pods.total ? `all ${pods.total} pods have loaded and verified it` : null;
const isObserved: Check = ({ canary }) =>
  canary.isObserved ? `${canary.pods.length} pods served it without trouble` : null;
const isTroubled: Check = ({ canary }) => canary.trouble;
const isAuto: Check = ({ promote }) => (promote === 'auto' ? 'spec.promote is auto' : null);
const isManual: Check = ({ promote }) => (promote === 'manual' ? 'it waits until spec.promote says auto' : null);
const isStuck: Check = ({ rollout, wasApplied }) => (wasApplied && rollout?.state === 'stuck' ? rollout.words : null);
const isRolledOut: Check = ({ isNamed: named, wasApplied, rollout, pods }) =>
  named && wasApplied && rollout?.state === 'complete' && pods.total > 0 && pods.active === pods.total
    ? `all ${pods.total} pods serve it`
    : null;
const isCleared: Check = ({ isNamed: named, strays }) => (named || strays.length > 0 ? null : 'no pod serves it');

const harmful = verdictIs('harmful');
const ended = (from: ReleasePhase): readonly Transition[] => [
  { from, to: 'Active', reason: 'NamedAgain', when: isNamed },
  { from, to: 'Pending', reason: 'Retried', when: isRetried },
];

/**
 * Every way in which the phase of a ModelRelease changes, in the order in which they are tried; there is no other. The pod
 * template is the truth of what is served: who names a release in it, this controller, a person or `kubectl rollout undo`, is
 * followed, and nothing is put into it but on the way through Promoting and RollingBack.
 */
export const TRANSITIONS: readonly Transition[] = [
  { from: 'Pending', to: 'Active', reason: 'NamedAlready', when: all(isRolledOutAlready, isNamed) },
  { from: 'Pending', to: 'Loading', reason: 'Loading', when: isNext },

  { from: 'Loading', to: 'Promoting', reason: 'NamedByOthers', when: isNamed },
  { from: 'Loading', to: 'Failed', reason: 'DigestMismatch', when: isDamaged },
  { from: 'Loading', to: 'Failed', reason: 'Refused', when: isRefused },
  { from: 'Loading', to: 'Failed', reason: 'GuardFailed', when: harmful },
  { from: 'Loading', to: 'Failed', reason: 'ExperimentMismatch', when: verdictIs('mismatch') },
  { from: 'Loading', to: 'Failed', reason: 'LoadTimeout', when: isTooSlow },
  { from: 'Loading', to: 'Canary', reason: 'Loaded', when: all(strategyIs('pods'), isLoaded) },
  { from: 'Loading', to: 'Canary', reason: 'Loaded', when: all(strategyIs('experiment'), isLoaded) },
  { from: 'Loading', to: 'AwaitingPromotion', reason: 'ManualPromotion', when: all(isLoaded, isManual) },
  { from: 'Loading', to: 'Promoting', reason: 'Loaded', when: isLoaded },

  { from: 'Canary', to: 'Promoting', reason: 'NamedByOthers', when: isNamed },
  { from: 'Canary', to: 'RollingBack', reason: 'Refused', when: isRefused },
  { from: 'Canary', to: 'RollingBack', reason: 'CanaryFailed', when: isTroubled },
  { from: 'Canary', to: 'RollingBack', reason: 'GuardFailed', when: harmful },
  { from: 'Canary', to: 'RollingBack', reason: 'NotChosen', when: verdictIs('rejected', 'mismatch') },
  ...canaryPassed('pods', 'CanaryPassed', isObserved),
  ...canaryPassed('experiment', 'ExperimentChose', verdictIs('chosen')),

  { from: 'AwaitingPromotion', to: 'Promoting', reason: 'NamedByOthers', when: isNamed },
  { from: 'AwaitingPromotion', to: 'RollingBack', reason: 'Refused', when: isRefused },
  { from: 'AwaitingPromotion', to: 'RollingBack', reason: 'CanaryFailed', when: isTroubled },
  { from: 'AwaitingPromotion', to: 'RollingBack', reason: 'GuardFailed', when: harmful },
  { from: 'AwaitingPromotion', to: 'Promoting', reason: 'Approved', when: all(isLoaded, isAuto) },

  { from: 'Promoting', to: 'RollingBack', reason: 'GuardFailed', when: harmful },
  { from: 'Promoting', to: 'Superseded', reason: 'NamedNoMore', when: isNamedNoMore },
  { from: 'Promoting', to: 'RollingBack', reason: 'RolloutStuck', when: isStuck },
  { from: 'Promoting', to: 'Active', reason: 'Promoted', when: isRolledOut },

  { from: 'Active', to: 'Superseded', reason: 'NamedNoMore', when: isNamedNoMore },
  { from: 'Active', to: 'RollingBack', reason: 'GuardFailed', when: harmful },

  { from: 'RollingBack', to: 'RolledBack', reason: 'RolledBack', when: isCleared },

  ...ended('RolledBack'),
  ...ended('Failed'),
  ...ended('Superseded'),
];

function canaryPassed(strategy: Facts['strategy'], reason: string, passed: Check): readonly Transition[] {
  const from = 'Canary';
  return [
    {
      from,
      to: 'AwaitingPromotion',
      reason: 'ManualPromotion',
      when: all(strategyIs(strategy), isLoaded, passed, isManual),
    },
    { from, to: 'Promoting', reason, when: all(strategyIs(strategy), isLoaded, passed) },
  ];
}

function isRolledOutAlready({ rollout, pods }: Facts): string | null {
  return rollout?.state === 'complete' && pods.total > 0 && pods.active === pods.total ? '' : null;
}

export interface Step {
  readonly to: ReleasePhase;
  readonly reason: string;
  readonly words: string;
}

/** The transition that is due, or null. Pure. */
export function stepFrom(phase: ReleasePhase, facts: Facts): Step | null {
  for (const { from, to, reason, when } of TRANSITIONS) {
    if (from !== phase) continue;
    const words = when(facts);
    if (words !== null) return { to, reason, words };
  }
  return null;
}
