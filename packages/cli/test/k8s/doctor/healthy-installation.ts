import { TEMPLATE_ANNOTATIONS } from '@shortlist/core/contracts/model-release-resource.ts';
import type { Installation, Look } from '../../../src/k8s/doctor/installation.ts';
import type { Container, Deployment, HorizontalPodAutoscaler, Job, Pod } from '../../../src/k8s/objects.ts';

/** The time of the objects below. */
export const NOW = '2026-03-01T12:00:00.000Z';

export const found = <T>(value: T): Look<T> => ({ state: 'found', value });

const DIGEST = 'a'.repeat(64);
const labels = (name: string) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': 'service',
  'app.kubernetes.io/part-of': 'shortlist',
  'app.kubernetes.io/version': '1.4.0',
});
const annotations = { [TEMPLATE_ANNOTATIONS.release]: 'r-7', [TEMPLATE_ANNOTATIONS.manifestSha256]: DIGEST };

function containerOf(name: string): Container {
  return {
    name,
    image: `registry.example.com:5000/shop/shortlist/${name}:1.4.0`,
    ports: [{ name: 'http', containerPort: 8080 }],
    envFrom: [{ configMapRef: { name: 'shop-6dg9ffbdk4' } }],
    env: [
      { valueFrom: { secretKeyRef: { name: 'shortlist-database' } } },
      { valueFrom: { secretKeyRef: { name: 'shortlist-shopify', optional: true } } },
    ],
  };
}

export function deploymentOf(name: string, replicas: number): Deployment {
  return {
    metadata: { name, namespace: 'shortlist', generation: 3, labels: labels(name) },
    spec: {
      replicas,
      selector: { matchLabels: { 'app.kubernetes.io/name': name } },
      template: {
        metadata: { labels: labels(name), ...(name === 'serving' ? { annotations: { ...annotations } } : {}) },
        spec: { containers: [containerOf(name)] },
      },
    },
    status: {
      observedGeneration: 3,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      conditions: [
        {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        },
        {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetAvailable',
          message: 'has successfully progressed.',
        },
      ],
    },
  };
}

export function podOf(component: string, suffix: string): Pod {
  return {
    metadata: {
      name: `${component}-7c9d-${suffix}`,
      namespace: 'shortlist',
      labels: labels(component),
      ...(component === 'serving' ? { annotations: { ...annotations } } : {}),
    },
    spec: { containers: [containerOf(component)] },
    status: {
      phase: 'Running',
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
      containerStatuses: [{ name: component, restartCount: 0, state: {} }],
    },
  };
}

export function autoscalerOf(name = 'shortlist-serving'): HorizontalPodAutoscaler {
  return {
    metadata: { name, namespace: 'shortlist' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'serving' },
      minReplicas: 5,
      maxReplicas: 50,
      metrics: [
        { type: 'ContainerResource' },
        { type: 'External', external: { metric: { name: 'ranking_p99_pressure' } } },
      ],
      // The API server writes the quantity 0.1667 in thousandths of thousandths.
      behavior: { scaleUp: { tolerance: '166700u' }, scaleDown: { tolerance: '166700u' } },
    },
    status: {
      currentReplicas: 5,
      desiredReplicas: 5,
      currentMetrics: [
        {
          type: 'ContainerResource',
          containerResource: { name: 'cpu', current: { averageUtilization: 55, averageValue: '550m' } },
        },
        { type: 'External', external: { metric: { name: 'ranking_p99_pressure' }, current: { value: '62500m' } } },
      ],
      conditions: [
        {
          type: 'AbleToScale',
          status: 'True',
          reason: 'ReadyForNewScale',
          message: 'recommended size matches current size',
        },
        {
          type: 'ScalingActive',
          status: 'True',
          reason: 'ValidMetricFound',
          message: 'the HPA was able to compute the replica count',
        },
        {
          type: 'ScalingLimited',
          status: 'False',
          reason: 'DesiredWithinRange',
          message: 'within the acceptable range',
        },
      ],
    },
  };
}

const apiServiceOf = (group: string, version: string) => ({
  metadata: { name: `${version}.${group}` },
  spec: { group, service: { name: 'adapter', namespace: 'monitoring' } },
  status: { conditions: [{ type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' }] },
});

export const SCHEMA = { type: 'object', required: ['spec'], properties: { spec: { type: 'object' } } };

const definitionOf = (name: string) => ({
  metadata: { name },
  spec: { versions: [{ name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema: SCHEMA } }] },
  status: {
    conditions: [
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' },
      { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
    ],
    storedVersions: ['v1alpha1'],
  },
});

const budgetOf = (name: string, expectedPods: number) => ({
  metadata: { name },
  spec: { selector: { matchLabels: { 'app.kubernetes.io/name': name } } },
  status: { disruptionsAllowed: 1, currentHealthy: expectedPods, desiredHealthy: expectedPods - 1, expectedPods },
});

export const migrationsOf = (
  status: Job['status'] = { conditions: [{ type: 'Complete', status: 'True', reason: 'CompletionsReached' }] },
): Job => ({
  metadata: { name: 'migrations', labels: labels('migrations') },
  spec: { template: { spec: { containers: [containerOf('cli')] } } },
  ...(status === undefined ? {} : { status }),
});

export const podStatusOf = (): NonNullable<unknown> => ({
  release: { active: 'r-7', last_refusal: null },
  pipeline: { experiments: { version: 12, age_s: 1.4 } },
});

/** All is well with it; a test breaks one thing. */
export function healthyInstallation(): Installation {
  const serving = ['a', 'b', 'c', 'd', 'e'].map((suffix) => podOf('serving', suffix));
  const components = { serving: 5, ingest: 2, experiments: 2, controller: 2 };
  const defaultDeny = {
    metadata: { name: 'default-deny' },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  };
  return {
    namespace: 'shortlist',
    nowMs: Date.parse(NOW),
    version: found({ major: '1', minor: '36', gitVersion: 'v1.36.3' }),
    namespaceObject: found({
      metadata: { name: 'shortlist', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    }),
    apiServices: found([
      { metadata: { name: 'v1.apps' }, spec: { group: 'apps' } },
      apiServiceOf('metrics.k8s.io', 'v1beta1'),
      apiServiceOf('external.metrics.k8s.io', 'v1beta1'),
    ]),
    metrics: [
      { api: 'metrics.k8s.io', metric: 'cpu', values: found(['550m', '540m', '560m', '550m', '550m']) },
      { api: 'external.metrics.k8s.io', metric: 'ranking_p99_pressure', values: found(['62500m']) },
    ],
    autoscalers: found([autoscalerOf()]),
    scaledObjects: { state: 'absent' },
    definitions: found(['experiments.shortlist.dev', 'modelreleases.shortlist.dev'].map(definitionOf)),
    schemas: new Map([['experiments.shortlist.dev', SCHEMA]]),
    deployments: found(Object.entries(components).map(([name, replicas]) => deploymentOf(name, replicas))),
    pods: found([
      ...serving,
      ...['ingest', 'experiments', 'controller'].flatMap((name) => [podOf(name, 'a'), podOf(name, 'b')]),
    ]),
    podStatuses: new Map(serving.map(({ metadata }) => [metadata.name, found(podStatusOf())])),
    jobs: found([migrationsOf()]),
    cronJobs: found([
      {
        metadata: { name: 'train' },
        spec: { jobTemplate: { spec: { template: { spec: { containers: [containerOf('cli')] } } } } },
      },
    ]),
    leases: found([
      {
        metadata: { name: 'shortlist-controller' },
        spec: {
          holderIdentity: 'controller-7c9d-a',
          leaseDurationSeconds: 15,
          renewTime: '2026-03-01T11:59:57.250000Z',
        },
      },
    ]),
    budgets: found(Object.entries(components).map(([name, replicas]) => budgetOf(name, replicas))),
    networkPolicies: found([defaultDeny]),
    secrets: found([{ metadata: { name: 'shortlist-database' } }]),
    configMaps: found([{ metadata: { name: 'shop-6dg9ffbdk4' } }]),
    prometheusRules: found([{ metadata: { name: 'shortlist' } }]),
    monitors: found([{ metadata: { name: 'shortlist' } }]),
    experiments: found([
      { metadata: { name: 'diversity' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    ]),
    modelReleases: found([]),
  };
}
