import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { KubernetesApi } from '../api.ts';
import { COMPONENT_LABEL, GROUP, GROUP_VERSION, SERVING } from '../names.ts';
import type {
  ApiService,
  ConditionedResource,
  CronJob,
  CustomResourceDefinition,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  Lease,
  NamedObject,
  NetworkPolicy,
  Pod,
  PodDisruptionBudget,
  ScaledObject,
} from '../objects.ts';
import { listOf, type Installation, type Listed, type Look, type PodStatus } from './installation.ts';
import { lookAtMetrics } from './look-at-metrics.ts';

/** Most pods that are asked for their status at a time. */
const PODS_AT_ONCE = 8;

/**
 * Reads everything that the checks want to see. What cannot be read is part of the result; it only fails when nothing
 * answers at all: `kubernetes_unreachable`.
 */
export async function lookAt(api: KubernetesApi, namespace: string, definitionsFolder: string): Promise<Installation> {
  const version = await api.get<{ major: string; minor: string; gitVersion: string }>('/version');
  if (version.state === 'unknown')
    throw new ShortlistError('kubernetes_unreachable', {
      server: api.server,
      reason: version.reason,
      hint: 'Is it the right context (kubectl config current-context), and does kubectl version answer?',
    });
  const inside = (group: string, kind: string) =>
    `${group === 'v1' ? '/api' : '/apis'}/${group}/namespaces/${namespace}/${kind}`;
  const list = <T>(group: string, kind: string): Promise<Listed<T>> => api.list<T>(inside(group, kind));
  const names = (kind: string) => api.list<NamedObject>(inside('v1', kind), { metadataOnly: true });
  const objects = await all({
    namespaceObject: api.get<NamedObject>(`/api/v1/namespaces/${namespace}`),
    apiServices: api.list<ApiService>('/apis/apiregistration.k8s.io/v1/apiservices'),
    definitions: api.list<CustomResourceDefinition>('/apis/apiextensions.k8s.io/v1/customresourcedefinitions'),
    autoscalers: list<HorizontalPodAutoscaler>('autoscaling/v2', 'horizontalpodautoscalers'),
    scaledObjects: list<ScaledObject>('keda.sh/v1alpha1', 'scaledobjects'),
    deployments: list<Deployment>('apps/v1', 'deployments'),
    pods: list<Pod>('v1', 'pods'),
    jobs: list<Job>('batch/v1', 'jobs'),
    cronJobs: list<CronJob>('batch/v1', 'cronjobs'),
    leases: list<Lease>('coordination.k8s.io/v1', 'leases'),
    budgets: list<PodDisruptionBudget>('policy/v1', 'poddisruptionbudgets'),
    networkPolicies: list<NetworkPolicy>('networking.k8s.io/v1', 'networkpolicies'),
    secrets: names('secrets'),
    configMaps: names('configmaps'),
    prometheusRules: list<NamedObject>('monitoring.coreos.com/v1', 'prometheusrules'),
    monitors: list<NamedObject>('monitoring.coreos.com/v1', 'servicemonitors'),
    experiments: list<ConditionedResource>(`${GROUP}/${GROUP_VERSION}`, 'experiments'),
    modelReleases: list<ConditionedResource>(`${GROUP}/${GROUP_VERSION}`, 'modelreleases'),
  });
  const { autoscalers, apiServices, pods } = objects;
  const [metrics, podStatuses, schemas] = await Promise.all([
    lookAtMetrics(api, { namespace, autoscalers: listOf(autoscalers), apiServices: listOf(apiServices) }),
    lookAtPods(api, namespace, listOf(pods)),
    readSchemas(definitionsFolder),
  ]);
  return { namespace, nowMs: Date.now(), version, ...objects, metrics, podStatuses, schemas };
}

/** Waits for all of them, by name. */
async function all<T extends Readonly<Record<string, Promise<unknown>>>>(
  promises: T,
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const entries = await Promise.all(
    Object.entries(promises).map(async ([name, promise]) => [name, await promise] as const),
  );
  return Object.fromEntries(entries) as { [K in keyof T]: Awaited<T[K]> };
}

/** `/status` of each running pod of serving, through the API server: no network of the pods is needed here. */
async function lookAtPods(
  api: KubernetesApi,
  namespace: string,
  pods: readonly Pod[],
): Promise<Map<string, Look<PodStatus>>> {
  const found = new Map<string, Look<PodStatus>>();
  const waiting = pods.filter(
    ({ metadata, status }) => metadata.labels?.[COMPONENT_LABEL] === SERVING && status?.phase === 'Running',
  );
  const worker = async () => {
    for (let pod = waiting.shift(); pod !== undefined; pod = waiting.shift()) {
      const { name } = pod.metadata;
      const port = pod.spec.containers
        .find((container) => container.name === SERVING)
        ?.ports?.find((each) => each.name === 'http')?.containerPort;
      const look: Look<PodStatus> =
        port === undefined
          ? { state: 'unknown', reason: 'its container has no port named http' }
          : await api.get(`/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/status`);
      found.set(name, look.state === 'absent' ? { state: 'unknown', reason: 'it has no /status' } : look);
    }
  };
  await Promise.all(Array.from({ length: PODS_AT_ONCE }, worker));
  return found;
}

/** The schemas of the definitions in a folder, by name; none where the folder is not there, as in an image. */
async function readSchemas(folder: string): Promise<Map<string, unknown>> {
  const schemas = new Map<string, unknown>();
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const file of files.filter((name) => name.endsWith('.yaml'))) {
    const definition = parse(await readFile(join(folder, file), 'utf8')) as CustomResourceDefinition | null;
    const version = definition?.spec?.versions?.find(({ storage }) => storage);
    if (definition !== null && version !== undefined)
      schemas.set(definition.metadata.name, version.schema?.openAPIV3Schema);
  }
  return schemas;
}
