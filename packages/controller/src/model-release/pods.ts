import { TEMPLATE_ANNOTATIONS } from '@shortlist/core/contracts/model-release-resource.ts';
import { Collection, type KubeApi } from '../runtime/kube-api.ts';
import type { KubeObject, ResourceType } from '../runtime/kube-object.ts';
import type { PodSight } from './observation.ts';
import type { Deployment, PodSpec } from './pod-template.ts';

const PODS: ResourceType = { group: '', version: 'v1', plural: 'pods', kind: 'Pod' };

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Says where the admin port of a pod is; null: nowhere yet. */
export type PodAddress = (pod: Pod, container: string) => string | null;

/**
 * The pod's address with its port named `admin`. With `annotation` the URL in that annotation comes first: for pods that are
 * processes of one machine, as in tests; who may annotate pods could send the controller anywhere, so it is not the default.
 */
export const podAddress =
  (annotation: string): PodAddress =>
  ({ metadata, spec, status }, container) => {
    const given = annotation === '' ? undefined : metadata.annotations?.[annotation];
    if (given !== undefined) return given;
    const port = spec.containers.find(({ name }) => name === container)?.ports?.find(({ name }) => name === 'admin');
    const ip = status?.podIP ?? '';
    if (port === undefined || ip === '') return null;
    return `http://${ip.includes(':') ? `[${ip}]` : ip}:${port.containerPort}`;
  };

/** The pods of a deployment that are there to stay, oldest first, before they were asked anything. */
export async function listPods(
  api: KubeApi,
  { metadata, spec }: Deployment,
  options: { readonly namespace: string; readonly address: PodAddress },
): Promise<readonly PodSight[]> {
  const labels = Object.entries(spec.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const { items } = await new Collection<Pod>(api, PODS, options.namespace).list({ labelSelector: labels.join(',') });
  return items
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && !isOver(pod))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map((pod) => {
      const url = options.address(pod, metadata.name);
      const named = pod.metadata.annotations?.[TEMPLATE_ANNOTATIONS.release] ?? '';
      return {
        name: pod.metadata.name,
        url,
        isReady: pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
        named: named === '' ? null : named,
        releases: null,
        problem: url === null ? 'has no address yet' : null,
      };
    });
}

const isOver = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';
const keyOf = ({ metadata }: Pod): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
