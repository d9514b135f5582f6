import type { ModelReleaseSpec, ModelReleaseStatus } from '@shortlist/core/contracts/model-release-resource.ts';
import { conditionOf } from '../runtime/conditions.ts';
import type { NamedRelease } from './model-release.ts';
import type { Observation, PodSight } from './observation.ts';

/** What the transitions of one ModelRelease are decided by. */
export interface Facts {
  readonly strategy: ModelReleaseSpec['rollout']['strategy'];
  readonly promote: ModelReleaseSpec['promote'];
  /** Raised since the attempt that the status is of. */
  readonly attemptRaised: boolean;
  readonly deployment: string;
  readonly isDeployed: boolean;
  /** The ModelRelease that goes first. */
  readonly waitsFor: string | null;
  /** The pod template names this release and digest. */
  readonly isNamed: boolean;
  readonly templateRelease: string | null;
  /** This controller has put it into the pod template in this attempt. */
  readonly wasApplied: boolean;
  readonly rollout: Observation['rollout'];
  readonly pods: { readonly total: number; readonly loaded: number; readonly active: number };
  /** The first pod that refused it, and why. */
  readonly refusal: { readonly pod: string; readonly reason: string } | null;
  /** A pod that has not loaded it, and why, where there is one. */
  readonly laggard: string | null;
  readonly loadTimedOut: boolean;
  readonly canary: {
    /** Pods that serve it first. */
    readonly pods: readonly string[];
    /** All of them answer with it. */
    readonly isServing: boolean;
    /** For as long as they were to be looked at. */
    readonly isObserved: boolean;
    /** What went wrong with one of them. */
    readonly trouble: string | null;
  };
  readonly guard: Guard;
  /** Pods that answer with it although their own template names another one, canaries aside. */
  readonly strays: readonly string[];
  /** Pods that keep it ready. */
  readonly prepared: readonly string[];
}

/** What the experiment says of the release; `none`: no experiment is asked. */
export interface Guard {
  readonly verdict: 'none' | 'waiting' | 'chosen' | 'rejected' | 'harmful' | 'mismatch';
  readonly words: string;
}

export const releaseOf = ({ release, manifestSha256 }: ModelReleaseSpec): NamedRelease => ({ release, manifestSha256 });

export const isSame = (a: NamedRelease | null, b: NamedRelease): boolean =>
  a !== null && a.release === b.release && a.manifestSha256 === b.manifestSha256;

/** The pod has it in memory, verified and warm. */
export function hasLoaded({ releases }: PodSight, wanted: NamedRelease): boolean {
  if (releases === null) return false;
  if (isSame(releases.pinned, wanted) && releases.active === wanted.release) return true;
  return isSame(releases.prepared, wanted) && releases.prepared?.state === 'loaded';
}

export const answersWith = ({ releases }: PodSight, { release }: NamedRelease): boolean => releases?.active === release;

export function factsOf(spec: ModelReleaseSpec, status: ModelReleaseStatus, seen: Observation): Facts {
  const wanted = releaseOf(spec);
  const { pods } = seen;
  const isNamed = isSame(seen.template, wanted);
  const refused = pods.find(
    ({ releases }) => isSame(releases?.prepared ?? null, wanted) && releases?.prepared?.state === 'refused',
  );
  const behind = pods.filter((pod) => !hasLoaded(pod, wanted));
  const laggard = behind.find(({ problem }) => problem !== null) ?? behind[0];
  const sinceS = (seen.nowMs - Date.parse(status.phaseSince ?? new Date(seen.nowMs).toISOString())) / 1000;
  const canaries = new Set(status.canaryPods ?? []);
  return {
    strategy: spec.rollout.strategy,
    promote: spec.promote,
    attemptRaised: spec.attempt > (status.attempt ?? spec.attempt),
    deployment: spec.deployment,
    isDeployed: seen.rollout !== null,
    waitsFor: seen.waitsFor,
    isNamed,
    templateRelease: seen.template?.release ?? null,
    wasApplied: conditionOf(status.conditions, 'Promoted')?.status === 'True',
    rollout: seen.rollout,
    pods: {
      total: pods.length,
      loaded: pods.filter((pod) => hasLoaded(pod, wanted)).length,
      active: pods.filter((pod) => answersWith(pod, wanted)).length,
    },
    refusal: refused === undefined ? null : { pod: refused.name, reason: refused.releases?.prepared?.reason ?? '' },
    laggard: laggard === undefined ? null : `${laggard.name} ${laggard.problem ?? 'is loading it'}`,
    loadTimedOut: sinceS > spec.rollout.loadTimeoutSeconds,
    canary: canaryOf(spec, status, seen),
    guard: guardOf(spec, seen),
    strays: pods
      .filter((pod) => answersWith(pod, wanted) && pod.named !== wanted.release && !canaries.has(pod.name))
      .map(nameOf),
    prepared: pods.filter(({ releases }) => releases?.prepared?.release === wanted.release).map(nameOf),
  };
}

const nameOf = ({ name }: PodSight): string => name;

function canaryOf(spec: ModelReleaseSpec, status: ModelReleaseStatus, { pods, nowMs }: Observation): Facts['canary'] {
  const wanted = releaseOf(spec);
  const chosen = chooseCanaries(spec, status.canaryPods ?? [], pods);
  const sights = pods.filter(({ name }) => chosen.includes(name));
  const isServing = sights.length > 0 && sights.every((pod) => answersWith(pod, wanted));
  const serving = conditionOf(status.conditions, 'CanaryServing');
  const servedS = serving?.status === 'True' ? (nowMs - Date.parse(serving.lastTransitionTime)) / 1000 : -1;
  const trouble = sights
    .filter(({ name }) => status.canaryPods?.includes(name))
    .map((pod) => troubleOf(pod, answersWith(pod, wanted), serving?.status === 'True'))
    .find((words) => words !== null);
  return {
    pods: chosen,
    isServing,
    isObserved: isServing && servedS >= spec.rollout.observeSeconds,
    trouble: trouble ?? null,
  };
}

/** A release that brings its pod down does so without a word: the pod comes back with the release of its template. */
function troubleOf({ name, isReady, releases }: PodSight, answers: boolean, answered: boolean): string | null {
  if (!isReady && (answers || answered)) return `pod ${name} serves it first and is not ready`;
  const isBack = answered && releases !== null && !answers;
  return isBack ? `pod ${name} served it first and does not any more: it was started anew` : null;
}

/**
 * The pods that serve it first: those that did, as far as they are still there, filled up with the oldest ready ones that
 * have loaded it. At least one, and never all where there are several.
 */
export function chooseCanaries(
  { rollout: { strategy, podShare = 0 }, ...spec }: ModelReleaseSpec,
  before: readonly string[],
  pods: readonly PodSight[],
): readonly string[] {
  if (strategy !== 'pods') return [];
  const count = Math.max(1, Math.min(Math.round(podShare * pods.length), pods.length - 1));
  const kept = before.filter((name) => pods.some((pod) => pod.name === name)).slice(0, count);
  const eligible = pods.filter((pod) => pod.isReady && hasLoaded(pod, releaseOf(spec as ModelReleaseSpec)));
  const others = eligible.map(nameOf).filter((name) => !kept.includes(name));
  return [...kept, ...others.slice(0, Math.max(0, count - kept.length))];
}

function guardOf(
  { guardExperiment: name, rollout: { strategy }, release }: ModelReleaseSpec,
  { experiment }: Observation,
): Guard {
  if (name === undefined) return { verdict: 'none', words: 'no experiment is asked' };
  if (experiment === null) return { verdict: 'waiting', words: `there is no experiment ${name}` };
  const { state, decision } = experiment;
  const because = decision === null ? '' : `: ${decision}`;
  if (state === 'rolled_back') return { verdict: 'harmful', words: `experiment ${name} was rolled back${because}` };
  if (strategy !== 'experiment') return { verdict: 'none', words: `experiment ${name} has nothing against it` };
  if (!experiment.releases.includes(release))
    return { verdict: 'mismatch', words: `no variant of experiment ${name} names release ${release}` };
  if (state === 'promoted' && experiment.promotedRelease === release)
    return { verdict: 'chosen', words: `experiment ${name} chose it${because}` };
  if (state === 'promoted' || state === 'stopped')
    return { verdict: 'rejected', words: `experiment ${name} ended without choosing it${because}` };
  return { verdict: 'waiting', words: `experiment ${name} is ${state ?? 'not applied yet'}${because}` };
}
