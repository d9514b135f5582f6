import type { ReleasePhase } from '@shortlist/core/contracts/model-release-resource.ts';
import type { Condition } from '@shortlist/core/contracts/resource-status.ts';
import { conditionOf, type NewCondition } from '../runtime/conditions.ts';
import type { Facts } from './facts.ts';
import { hasEnded } from './model-release.ts';
import type { Step } from './transitions.ts';

export interface Told {
  /** After the step. */
  readonly phase: ReleasePhase;
  readonly step: Step | null;
  readonly facts: Facts;
  /** Pods were asked. */
  readonly isAsked: boolean;
  /** It was put into the pod template just now. */
  readonly wasNamed: boolean;
  /** Why the phase is what it is. */
  readonly words: string;
  readonly before: readonly Condition[];
}

/** What is to be said now, in this order; a type that is absent stays as it was. */
export function conditionsNow(told: Told): readonly NewCondition[] {
  return [verified(told), loaded(told), canaryServing(told), promoted(told), ready(told)].filter((one) => one !== null);
}

function verified({ facts, isAsked, before }: Told): NewCondition | null {
  const type = 'Verified';
  const { refusal, pods } = facts;
  if (refusal !== null) {
    const reason = refusal.reason.startsWith('release_digest_mismatch') ? 'DigestMismatch' : 'Refused';
    return { type, status: 'False', reason, message: `pod ${refusal.pod}: ${refusal.reason}` };
  }
  if (isAsked && pods.loaded + pods.active > 0)
    return {
      type,
      status: 'True',
      reason: 'DigestsMatch',
      message: 'manifest, digests of all files and golden outputs are right',
    };
  return conditionOf(before, type) === undefined
    ? { type, status: 'Unknown', reason: 'NotLoaded', message: 'no pod has loaded it yet' }
    : null;
}

function loaded({ facts: { pods, laggard }, isAsked, phase, before }: Told): NewCondition | null {
  const type = 'Loaded';
  const message = `${pods.loaded} of ${pods.total} pods`;
  if (hasEnded(phase) || phase === 'RollingBack' || phase === 'Pending' || !isAsked) {
    if (conditionOf(before, type)?.status === 'False') return null;
    return { type, status: 'False', reason: phase, message: 'it is kept ready by no pod' };
  }
  if (pods.total > 0 && pods.loaded === pods.total) return { type, status: 'True', reason: 'OnAllPods', message };
  return { type, status: 'False', reason: 'Loading', message: laggard === null ? message : `${message}; ${laggard}` };
}

function canaryServing({ facts: { canary, strategy }, phase }: Told): NewCondition | null {
  if (strategy !== 'pods') return null;
  const type = 'CanaryServing';
  if (phase !== 'Canary' && phase !== 'AwaitingPromotion')
    return { type, status: 'False', reason: phase, message: 'no pod serves it before the others' };
  if (canary.isServing) return { type, status: 'True', reason: 'Serving', message: canary.pods.join(', ') };
  return { type, status: 'False', reason: 'Activating', message: canary.pods.join(', ') };
}

function promoted({
  facts: { isNamed, deployment, templateRelease },
  wasNamed,
  step,
  phase,
}: Told): NewCondition | null {
  const type = 'Promoted';
  if (isNamed || wasNamed)
    return {
      type,
      status: 'True',
      reason: 'InPodTemplate',
      message: `the pod template of deployment ${deployment} names it`,
    };
  // Until the step is made that says so: what this condition says is how an undo is told from what is still to be done.
  if ((phase === 'Promoting' || phase === 'Active') && step === null) return null;
  const message = `the pod template of deployment ${deployment} names ${templateRelease ?? 'no release'}`;
  return { type, status: 'False', reason: 'NotInPodTemplate', message };
}

function ready({ facts: { isNamed, rollout, pods }, phase, step, words, before, isAsked }: Told): NewCondition | null {
  const type = 'Ready';
  if (phase === 'Active' && step === null && isAsked) {
    const isServed = isNamed && rollout?.state === 'complete' && pods.total > 0 && pods.active === pods.total;
    const message = `${pods.active} of ${pods.total} pods serve it`;
    return { type, status: isServed ? 'True' : 'False', reason: isServed ? 'Serving' : 'Settling', message };
  }
  const isBack = step === null || step.to === 'RolledBack';
  const reason = (isBack ? conditionOf(before, type)?.reason : step.reason) ?? phase;
  return { type, status: phase === 'Active' ? 'True' : 'False', reason, message: words };
}
