import type {
  ModelReleaseSpec,
  ModelReleaseStatus,
  ReleasePhase,
} from '@shortlist/core/contracts/model-release-resource.ts';
import type { Condition } from '@shortlist/core/contracts/resource-status.ts';
import { withCondition } from '../runtime/conditions.ts';
import { conditionsNow } from './conditions.ts';
import type { Facts } from './facts.ts';
import type { NamedRelease } from './model-release.ts';
import type { Step } from './transitions.ts';

export interface StatusInput {
  readonly spec: ModelReleaseSpec;
  readonly generation: number;
  readonly before: ModelReleaseStatus;
  readonly facts: Facts;
  readonly step: Step | null;
  readonly isAsked: boolean;
  readonly wasNamed: boolean;
  /** What the pod template names now. */
  readonly template: NamedRelease | null;
  /** Unix ms. */
  readonly nowMs: number;
}

/** Phases in which some pods serve it before the others. */
const WITH_CANARIES: ReadonlySet<ReleasePhase> = new Set<ReleasePhase>(['Canary', 'AwaitingPromotion', 'Promoting']);

/** The status after a turn: pure, and equal to the one before where nothing has changed. */
export function statusAfter(input: StatusInput): ModelReleaseStatus {
  const { spec, generation, before, facts, step, isAsked, template, nowMs } = input;
  const phase = step?.to ?? before.phase ?? 'Pending';
  const isRetried = step?.reason === 'Retried';
  // What it was rolled back for stays to be read.
  const told = step?.to === 'RolledBack' ? null : (step?.words ?? wordsOf(phase, facts));
  const words = told ?? before.reason ?? '';
  const now = new Date(Math.floor(nowMs / 1000) * 1000).toISOString();
  const pods = isAsked ? facts.pods : before.pods;
  const canaryPods = WITH_CANARIES.has(phase) ? (phase === 'Promoting' ? before.canaryPods : facts.canary.pods) : [];
  const previous = previousOf(input, phase);
  return {
    observedGeneration: generation,
    attempt: isRetried ? spec.attempt : (before.attempt ?? spec.attempt),
    phase,
    phaseSince: step === null ? (before.phaseSince ?? now) : now,
    reason: words.slice(0, 4_096),
    ...(pods === undefined ? {} : { pods: { ...pods } }),
    ...(canaryPods === undefined || canaryPods.length === 0 ? {} : { canaryPods: [...canaryPods] }),
    ...(template === null ? {} : { activeRelease: template.release }),
    ...(previous === undefined ? {} : { previous }),
    conditions: conditionsAfter(input, phase, words, isRetried ? [] : (before.conditions ?? [])),
  };
}

function conditionsAfter(
  { generation, facts, step, isAsked, wasNamed, nowMs }: StatusInput,
  phase: ReleasePhase,
  words: string,
  before: readonly Condition[],
): Condition[] {
  let conditions = before;
  for (const condition of conditionsNow({ phase, step, facts, isAsked, wasNamed, words, before }))
    conditions = withCondition(conditions, condition, { generation, now: nowMs });
  return [...conditions];
}

/** What a roll-back goes to is what the template named when the promotion began. */
function previousOf({ before, step, template, facts }: StatusInput, phase: ReleasePhase): NamedRelease | undefined {
  if (phase === 'Pending' || phase === 'Loading') return undefined;
  if (step?.to === 'Promoting' && !facts.isNamed) return template ?? undefined;
  return before.previous;
}

/** What it waits for, where the phase has something to say. */
function wordsOf(phase: ReleasePhase, facts: Facts): string | null {
  const { pods, laggard, waitsFor, isDeployed, deployment, guard, canary, rollout, strategy } = facts;
  if (phase === 'Pending')
    return isDeployed ? `it waits for ModelRelease ${waitsFor ?? ''}` : `there is no deployment ${deployment}`;
  if (phase === 'Loading')
    return `${pods.loaded} of ${pods.total} pods have loaded it${laggard === null ? '' : `; ${laggard}`}`;
  if (phase === 'Canary') return strategy === 'experiment' ? guard.words : `served first by ${canary.pods.join(', ')}`;
  if (phase === 'Promoting') return rollout?.words ?? null;
  if (phase === 'Active') return `${pods.active} of ${pods.total} pods serve it`;
  return null;
}
