import { TEMPLATE_ANNOTATIONS, TEMPLATE_VARIABLES } from '@shortlist/core/contracts/model-release-resource.ts';
import { Collection, type KubeApi } from '../runtime/kube-api.ts';
import { isNotFound } from '../runtime/kube-error.ts';
import type { KubeObject, ResourceType } from '../runtime/kube-object.ts';
import type { NamedRelease } from './model-release.ts';
import type { Rollout } from './observation.ts';

const DEPLOYMENTS: ResourceType = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' };

interface Variable {
  readonly name: string;
  readonly value?: string;
}

interface Container {
  readonly name: string;
  readonly env?: readonly Variable[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
}

export interface Deployment extends KubeObject {
  readonly spec: {
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: PodSpec;
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** Null: there is none of this name. */
export async function readDeployment(api: KubeApi, namespace: string, name: string): Promise<Deployment | null> {
  try {
    return await new Collection<Deployment>(api, DEPLOYMENTS, namespace).get(name);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** The release that pods of the template serve: its environment decides, the annotation only shows it. Null: none. */
export function templateRelease({ metadata, spec }: Deployment): NamedRelease | null {
  const env = spec.template.spec.containers.find(({ name }) => name === metadata.name)?.env ?? [];
  const valueOf = (variable: string) => env.find(({ name }) => name === variable)?.value ?? '';
  const release = valueOf(TEMPLATE_VARIABLES.release);
  return release === '' ? null : { release, manifestSha256: valueOf(TEMPLATE_VARIABLES.manifestSha256) };
}

/**
 * Names a release in the pod template, which starts a rolling update. Only these two variables and annotations are ours;
 * everything else of the deployment, replicas above all, stays with whoever owns it. Null empties them, which a pod takes for
 * absent: to remove them would not do where `kubectl rollout undo` has made them its own.
 */
export async function nameRelease(
  api: KubeApi,
  namespace: string,
  { metadata: { name, uid } }: Deployment,
  named: NamedRelease | null,
): Promise<void> {
  const { release, manifestSha256 } = named ?? { release: '', manifestSha256: '' };
  const env = [
    { name: TEMPLATE_VARIABLES.release, value: release },
    { name: TEMPLATE_VARIABLES.manifestSha256, value: manifestSha256 },
  ];
  const annotations = {
    [TEMPLATE_ANNOTATIONS.release]: release,
    [TEMPLATE_ANNOTATIONS.manifestSha256]: manifestSha256,
  };
  await new Collection<KubeObject & { readonly spec: unknown }>(api, DEPLOYMENTS, namespace).apply({
    // The uid: a deployment that was deleted meanwhile is not made anew of these fields.
    metadata: { name, ...(uid === undefined ? {} : { uid }) },
    spec: { template: { metadata: { annotations }, spec: { containers: [{ name, env }] } } },
  });
}

/** How far the rolling update of the newest template is. */
export function rolloutOf({ metadata, status = {} }: Deployment): NonNullable<Rollout> {
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0, conditions = [] } = status;
  if (observedGeneration < (metadata.generation ?? 0)) return { state: 'progressing', words: 'it is about to begin' };
  const progressing = conditions.find(({ type }) => type === 'Progressing');
  const words = `${updatedReplicas} of ${replicas} pods are of the newest template, ${availableReplicas} are available`;
  if (progressing?.status === 'False')
    return { state: 'stuck', words: `${progressing.reason ?? 'stuck'}: ${progressing.message ?? words}` };
  const isComplete = updatedReplicas === replicas && availableReplicas === replicas;
  return { state: isComplete ? 'complete' : 'progressing', words };
}
