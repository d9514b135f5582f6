import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentStatus } from '@shortlist/core/contracts/experiment-resource.ts';
import { EXPERIMENTS } from '../experiment/experiment-resource-type.ts';
import { Collection, type KubeApi } from '../runtime/kube-api.ts';
import { isNotFound } from '../runtime/kube-error.ts';
import type { KubeResource } from '../runtime/kube-object.ts';
import type { ModelRelease } from './model-release.ts';
import type { ExperimentSight, Observation, PodSight } from './observation.ts';
import { readDeployment, rolloutOf, templateRelease, type Deployment } from './pod-template.ts';
import { listPods, type PodAddress } from './pods.ts';

type Experiment = KubeResource<ExperimentSpec, ExperimentStatus>;

export interface Seen {
  readonly seen: Observation;
  readonly deployment: Deployment | null;
  /** Pods were asked. */
  readonly isAsked: boolean;
}

export interface ObserveOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly address: PodAddress;
  /** Unix ms. */
  readonly nowMs: number;
  readonly isAsked: boolean;
  /** The ModelRelease that goes first; null: none. */
  readonly goesFirst: string | null;
  readonly ask: (pod: PodSight) => Promise<PodSight>;
}

/** Everything that decides what becomes of a ModelRelease, read now: nothing of it comes from a cache. */
export async function observe(options: ObserveOptions, object: ModelRelease): Promise<Seen> {
  const { api, namespace, nowMs, isAsked } = options;
  const { spec } = object;
  const [deployment, experiment] = await Promise.all([
    readDeployment(api, namespace, spec.deployment),
    spec.guardExperiment === undefined ? null : readExperiment(api, namespace, spec.guardExperiment),
  ]);
  const pods = deployment === null || !isAsked ? [] : await askPods(options, deployment);
  const seen = {
    nowMs,
    rollout: deployment === null ? null : rolloutOf(deployment),
    template: deployment === null ? null : templateRelease(deployment),
    pods,
    experiment,
    waitsFor: options.goesFirst,
  };
  return { seen, deployment, isAsked: isAsked && deployment !== null };
}

/** Pods asked at once. */
const AT_ONCE = 16;

async function askPods(
  { api, namespace, address, ask }: ObserveOptions,
  deployment: Deployment,
): Promise<readonly PodSight[]> {
  const pods = await listPods(api, deployment, { namespace, address });
  const asked: PodSight[] = [];
  for (let at = 0; at < pods.length; at += AT_ONCE)
    asked.push(...(await Promise.all(pods.slice(at, at + AT_ONCE).map(ask))));
  return asked;
}

async function readExperiment(api: KubeApi, namespace: string, name: string): Promise<ExperimentSight | null> {
  let experiment: Experiment;
  try {
    experiment = await new Collection<Experiment>(api, EXPERIMENTS, namespace).get(name);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
  const { spec, status = {} } = experiment;
  const { state = null, decision = null, promoted } = status;
  return {
    state,
    decision,
    releases: spec.variants.flatMap(({ release }) => (release === undefined ? [] : [release])),
    promotedRelease: spec.variants.find((variant) => variant.name === promoted)?.release ?? null,
  };
}
