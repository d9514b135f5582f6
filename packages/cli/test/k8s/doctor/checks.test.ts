import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examine } from '../../../src/k8s/doctor/checks.ts';
import { listOf, type Installation, type Listed, type PodStatus } from '../../../src/k8s/doctor/installation.ts';
import { doctorReport } from '../../../src/k8s/doctor/report.ts';
import { exitCodeOf, type RowState } from '../../../src/k8s/doctor/row.ts';
import { tagOf } from '../../../src/k8s/image.ts';
import type { Deployment, Pod } from '../../../src/k8s/objects.ts';
import {
  autoscalerOf,
  deploymentOf,
  found,
  healthyInstallation,
  migrationsOf,
  podOf,
  podStatusOf,
} from './healthy-installation.ts';

type Change = (healthy: Installation) => Partial<Installation>;

/** One item of a list, by name, changed as a deep copy. */
function changed<T extends { metadata: { name: string } }>(
  listed: Listed<T>,
  name: string,
  change: (item: T) => unknown,
): Listed<T> {
  const items = structuredClone(listOf(listed)) as T[];
  change(items.find(({ metadata }) => metadata.name === name)!);
  return found(items);
}

/** The objects are read-only to the checks; a test breaks copies of them. */
type Writable<T> = { -readonly [K in keyof T]: T[K] extends object | undefined ? Writable<T[K]> : T[K] };
const writable = <T>(object: T) => object as Writable<T>;

const deployment =
  (name: string, change: (item: Writable<Deployment>) => void): Change =>
  (healthy) => ({
    deployments: changed(healthy.deployments, name, (item) => change(writable(item))),
  });
const pod =
  (name: string, change: (item: Writable<Pod>) => void): Change =>
  (healthy) => ({
    pods: changed(healthy.pods, name, (item) => change(writable(item))),
  });
const status =
  (change: (status: Writable<PodStatus>) => void): Change =>
  ({ podStatuses }) => {
    const copy = structuredClone(podStatusOf()) as Writable<PodStatus>;
    change(copy);
    return { podStatuses: new Map([...podStatuses, ['serving-7c9d-b', found(copy as PodStatus)]]) };
  };
const scaler =
  (change: (item: Writable<ReturnType<typeof autoscalerOf>>) => void): Change =>
  () => {
    const copy = structuredClone(autoscalerOf());
    change(writable(copy));
    return { autoscalers: found([copy]) };
  };
const condition = (type: string, to: object): Change =>
  scaler(({ status }) =>
    Object.assign(
      status!.conditions!.find((each) => each.type === type)!,
      to,
    ),
  );

const BROKEN: readonly [
  what: string,
  change: Change,
  state: RowState,
  check: string,
  subject: string,
  reason: RegExp,
][] = [
  [
    'an old API server',
    () => ({ version: found({ major: '1', minor: '31', gitVersion: 'v1.31.2-eks' }) }),
    'problem',
    'api',
    'apiserver',
    /1\.31\.2.*older than 1\.33/,
  ],
  [
    'a gate that is off',
    (healthy) => ({
      version: found({ major: '1', minor: '34+', gitVersion: 'v1.34.1' }),
      ...scaler(({ spec }) => delete spec.behavior)(healthy),
    }),
    'problem',
    'api',
    'hpa/shortlist-serving',
    /dropped its tolerance/,
  ],
  [
    'an autoscaler without tolerance',
    scaler(({ spec }) => delete spec.behavior!.scaleDown!.tolerance),
    'warning',
    'api',
    'hpa/shortlist-serving',
    /no tolerance in both/,
  ],
  [
    'no namespace',
    () => ({ namespaceObject: { state: 'absent' } }),
    'problem',
    'namespace',
    'namespace/shortlist',
    /not there/,
  ],
  [
    'a namespace that admits anything',
    () => ({ namespaceObject: found({ metadata: { name: 'shortlist' } }) }),
    'problem',
    'namespace',
    'namespace/shortlist',
    /enforces nothing/,
  ],
  [
    'no network policy',
    () => ({ networkPolicies: found([]) }),
    'problem',
    'namespace',
    'networkpolicies',
    /there is none/,
  ],
  [
    'an open way out',
    () => ({
      networkPolicies: found([{ metadata: { name: 'in' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } }]),
    }),
    'warning',
    'namespace',
    'networkpolicies',
    /^Egress of pods/,
  ],
  [
    'a missing definition',
    ({ definitions }) => ({ definitions: found(listOf(definitions).slice(1)) }),
    'problem',
    'definitions',
    'crd/experiments.shortlist.dev',
    /not installed/,
  ],
  [
    'a definition of another version',
    ({ definitions }) => ({
      definitions: changed(
        definitions,
        'modelreleases.shortlist.dev',
        (item) => (writable(item).spec.versions[0]!.name = 'v1'),
      ),
    }),
    'problem',
    'definitions',
    'crd/modelreleases.shortlist.dev',
    /does not serve v1alpha1, only v1/,
  ],
  [
    'a definition of an older build',
    ({ definitions }) => ({
      definitions: changed(
        definitions,
        'experiments.shortlist.dev',
        (item) => (writable(item).spec.versions[0]!.schema = { openAPIV3Schema: { type: 'object' } }),
      ),
    }),
    'warning',
    'definitions',
    'crd/experiments.shortlist.dev',
    /schema is not that/,
  ],
  [
    'an experiment that is refused',
    () => ({
      experiments: found([
        {
          metadata: { name: 'x' },
          status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Refused', message: 'layer is full' }] },
        },
      ]),
    }),
    'warning',
    'resources',
    'experiment/x',
    /Refused: layer is full/,
  ],
  [
    'a missing Secret',
    () => ({ secrets: found([]) }),
    'problem',
    'references',
    'secret/shortlist-database',
    /deployment\/serving.* and is not there/,
  ],
  [
    'a missing ConfigMap',
    () => ({ configMaps: found([]) }),
    'problem',
    'references',
    'configmap/shop-6dg9ffbdk4',
    /cronjob\/train/,
  ],
  [
    'Secrets that may not be listed',
    () => ({ secrets: { state: 'unknown', reason: '403: secrets is forbidden' } }),
    'unknown',
    'references',
    'secrets',
    /403/,
  ],
  [
    'migrations that never ran',
    (healthy) => ({
      jobs: found([]),
      ...deployment('ingest', ({ status }) => (status!.conditions![0]!.status = 'False'))(healthy),
    }),
    'problem',
    'migrations',
    'job/migrations',
    /is not there, and ingest and experiments do not both run/,
  ],
  [
    'migrations that failed',
    () => ({
      jobs: found([
        migrationsOf({
          failed: 4,
          conditions: [
            {
              type: 'Failed',
              status: 'True',
              reason: 'BackoffLimitExceeded',
              message: 'Job has reached the specified backoff limit',
            },
          ],
        }),
      ]),
    }),
    'problem',
    'migrations',
    'job/migrations',
    /BackoffLimitExceeded/,
  ],
  [
    'migrations under way',
    () => ({ jobs: found([migrationsOf({ active: 1 })]) }),
    'warning',
    'migrations',
    'job/migrations',
    /has not ended: 1 active/,
  ],
  [
    'a component that is not there',
    ({ deployments }) => ({ deployments: found(listOf(deployments).slice(0, 3)) }),
    'problem',
    'workloads',
    'deployment/controller',
    /not there/,
  ],
  [
    'a component without pods',
    deployment('ingest', ({ spec }) => (spec.replicas = 0)),
    'problem',
    'workloads',
    'deployment/ingest',
    /scaled to 0/,
  ],
  [
    'a component that is not available',
    deployment('serving', ({ status }) => {
      status!.availableReplicas = 1;
      status!.conditions![0]!.status = 'False';
    }),
    'problem',
    'workloads',
    'deployment/serving',
    /1 of 5 pods/,
  ],
  [
    'a stuck roll-out',
    deployment('serving', ({ status }) =>
      Object.assign(status!.conditions![1]!, { status: 'False', reason: 'ProgressDeadlineExceeded' }),
    ),
    'problem',
    'workloads',
    'deployment/serving',
    /stuck/,
  ],
  [
    'a roll-out under way',
    deployment('serving', ({ status }) => (status!.updatedReplicas = 2)),
    'warning',
    'workloads',
    'deployment/serving',
    /2 of 5 pods are new/,
  ],
  [
    'a change not seen yet',
    deployment('serving', ({ metadata }) => (metadata.generation = 4)),
    'unknown',
    'workloads',
    'deployment/serving',
    /not seen its last change/,
  ],
  [
    'a pod that crashes',
    pod(
      'serving-7c9d-c',
      ({ status }) =>
        (status!.containerStatuses![0]!.state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } }),
    ),
    'problem',
    'workloads',
    'pod/serving-7c9d-c',
    /CrashLoopBackOff, back-off 5m0s/,
  ],
  [
    'a pod out of memory',
    pod('serving-7c9d-c', ({ status }) =>
      Object.assign(status!.containerStatuses![0]!, {
        restartCount: 3,
        lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
      }),
    ),
    'warning',
    'workloads',
    'pod/serving-7c9d-c',
    /out of memory, 3 restarts/,
  ],
  [
    'a pod without a node',
    pod('ingest-7c9d-a', ({ status }) =>
      Object.assign(status!.conditions![0]!, {
        status: 'False',
        reason: 'Unschedulable',
        message: '0/3 nodes are available',
      }),
    ),
    'problem',
    'workloads',
    'pod/ingest-7c9d-a',
    /finds no node: 0\/3/,
  ],
  [
    'images of two versions',
    deployment('ingest', ({ spec }) => (spec.template.spec.containers[0]!.image = 'shortlist/ingest:1.3.9')),
    'warning',
    'versions',
    'deployment/ingest',
    /version 1\.3\.9 beside 1\.4\.0/,
  ],
  [
    'pods of two releases',
    status(({ release }) => (release!.active = 'r-6')),
    'problem',
    'releases',
    '5 pods of serving',
    /4 of r-7, 1 of r-6/,
  ],
  [
    'a pod that serves what its template does not name',
    status(({ release }) => (release!.active = 'r-6')),
    'problem',
    'releases',
    'pod/serving-7c9d-b',
    /answers from r-6, its template names r-7/,
  ],
  [
    'a release that failed',
    () => ({
      modelReleases: found([
        {
          metadata: { name: 'r-8' },
          status: {
            phase: 'Failed',
            conditions: [
              { type: 'Ready', status: 'False', reason: 'Failed', message: 'pod a: release_digest_mismatch' },
            ],
          },
        },
      ]),
    }),
    'warning',
    'resources',
    'modelrelease/r-8',
    /Failed: pod a: release_digest_mismatch/,
  ],
  [
    'a refused release',
    status(
      ({ release }) =>
        (release!.last_refusal = { release: 'r-8', reason: 'release_digest_mismatch', at: '2026-03-01T11:00:00Z' }),
    ),
    'warning',
    'releases',
    'pod/serving-7c9d-b',
    /refused r-8.*release_digest_mismatch/,
  ],
  [
    'a roll-out of a release under way',
    (healthy) => ({
      ...pod('serving-7c9d-b', ({ metadata }) => (metadata.annotations!['shortlist.dev/release'] = 'r-8'))(healthy),
      ...status(({ release }) => (release!.active = 'r-8'))(healthy),
    }),
    'warning',
    'releases',
    '5 pods of serving',
    /different releases: 4 of r-7 a+, 1 of r-8/,
  ],
  [
    'a pod that cannot be asked',
    ({ podStatuses }) => ({
      podStatuses: new Map([...podStatuses]).set('serving-7c9d-b', { state: 'unknown', reason: '503: no route' }),
    }),
    'unknown',
    'releases',
    '1 of 5 pods of serving',
    /503: no route/,
  ],
  [
    'an old snapshot',
    status(({ pipeline }) => (pipeline!.experiments!.age_s = 75)),
    'problem',
    'snapshots',
    '1 pods of serving',
    /75 s old/,
  ],
  [
    'no snapshot',
    status(({ pipeline }) => (pipeline!.experiments!.age_s = null)),
    'problem',
    'snapshots',
    '1 pods of serving',
    /no snapshot/,
  ],
  ['no leader ever', () => ({ leases: found([]) }), 'problem', 'leader', 'lease/shortlist-controller', /not there/],
  [
    'a leader long gone',
    () => ({ nowMs: Date.parse('2026-03-01T12:01:00Z') }),
    'problem',
    'leader',
    'lease/shortlist-controller',
    /controller-7c9d-a has not renewed it for 63 s; it lasts 15 s/,
  ],
  [
    'a leader that let go',
    ({ leases }) => ({
      leases: changed(leases, 'shortlist-controller', (item) => (writable(item).spec!.holderIdentity = '')),
    }),
    'problem',
    'leader',
    'lease/shortlist-controller',
    /held by nobody/,
  ],
  [
    'an API that is not registered',
    ({ apiServices }) => ({ apiServices: found(listOf(apiServices).slice(0, 2)) }),
    'problem',
    'metrics',
    'external.metrics.k8s.io',
    /not registered: ranking_p99_pressure/,
  ],
  [
    'an API whose server is away',
    ({ apiServices }) => ({
      apiServices: changed(apiServices, 'v1beta1.metrics.k8s.io', (item) =>
        Object.assign(writable(item).status!.conditions![0]!, {
          status: 'False',
          reason: 'MissingEndpoints',
          message: 'endpoints for service/metrics-server have no addresses',
        }),
      ),
    }),
    'problem',
    'metrics',
    'metrics.k8s.io',
    /MissingEndpoints/,
  ],
  [
    'a metric without a value',
    ({ metrics }) => ({ metrics: [metrics[0]!, { ...metrics[1]!, values: found([]) }] }),
    'problem',
    'metrics',
    'external.metrics.k8s.io ranking_p99_pressure',
    /no value/,
  ],
  ['no autoscaler', () => ({ autoscalers: found([]) }), 'problem', 'autoscaler', 'deployment/serving', /no autoscaler/],
  [
    'an autoscaler and a ScaledObject',
    () => ({
      scaledObjects: found([{ metadata: { name: 'serving' }, spec: { scaleTargetRef: { name: 'serving' } } }]),
    }),
    'problem',
    'autoscaler',
    'deployment/serving',
    /scaled by hpa\/shortlist-serving and scaledobject\/serving/,
  ],
  [
    'two autoscalers',
    () => ({ autoscalers: found([autoscalerOf(), autoscalerOf('other')]) }),
    'problem',
    'autoscaler',
    'deployment/serving',
    /hpa\/other/,
  ],
  [
    'an autoscaler without metrics',
    condition('ScalingActive', { status: 'False', reason: 'FailedGetExternalMetric', message: 'no metrics returned' }),
    'problem',
    'autoscaler',
    'hpa/shortlist-serving',
    /FailedGetExternalMetric/,
  ],
  [
    'an autoscaler that was turned off',
    condition('ScalingActive', { status: 'False', reason: 'ScalingDisabled', message: 'zero' }),
    'problem',
    'autoscaler',
    'hpa/shortlist-serving',
    /ScalingDisabled/,
  ],
  [
    'an autoscaler that cannot scale',
    condition('AbleToScale', { status: 'False', reason: 'FailedGetScale', message: 'not found' }),
    'problem',
    'autoscaler',
    'hpa/shortlist-serving',
    /cannot scale: FailedGetScale/,
  ],
  [
    'an autoscaler at its maximum',
    scaler(({ status }) => (status!.currentReplicas = 50)),
    'warning',
    'autoscaler',
    'hpa/shortlist-serving',
    /maximum of 50/,
  ],
  [
    'an autoscaler that is new',
    scaler(({ status }) => delete status!.conditions),
    'unknown',
    'autoscaler',
    'hpa/shortlist-serving',
    /not looked at it yet/,
  ],
  [
    'replicas that are applied',
    deployment(
      'serving',
      ({ metadata }) =>
        (metadata.managedFields = [
          { manager: 'argocd', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
        ]),
    ),
    'warning',
    'autoscaler',
    'deployment/serving',
    /argocd applies spec\.replicas/,
  ],
  [
    'no budget',
    ({ budgets }) => ({ budgets: found(listOf(budgets).slice(1)) }),
    'warning',
    'disruption',
    'deployment/serving',
    /no budget/,
  ],
  [
    'a budget that lets nobody go',
    ({ budgets }) => ({
      budgets: changed(budgets, 'serving', (item) =>
        Object.assign(writable(item).status!, { disruptionsAllowed: 0, desiredHealthy: 5 }),
      ),
    }),
    'problem',
    'disruption',
    'poddisruptionbudget/serving',
    /no pod may ever go: 5 of 5/,
  ],
  [
    'a budget that waits for pods',
    ({ budgets }) => ({
      budgets: changed(budgets, 'serving', (item) =>
        Object.assign(writable(item).status!, { disruptionsAllowed: 0, currentHealthy: 4 }),
      ),
    }),
    'warning',
    'disruption',
    'poddisruptionbudget/serving',
    /4 of 5 are healthy/,
  ],
  [
    'two budgets',
    ({ budgets }) => ({ budgets: found([...listOf(budgets), { ...listOf(budgets)[0]!, metadata: { name: 'twin' } }]) }),
    'problem',
    'disruption',
    'deployment/serving',
    /2 budgets/,
  ],
  [
    'no Prometheus operator',
    () => ({ prometheusRules: { state: 'absent' } }),
    'warning',
    'observation',
    'prometheusrules',
    /operator is not installed/,
  ],
  ['no rules', () => ({ prometheusRules: found([]) }), 'warning', 'observation', 'prometheusrules', /there is none/],
];

describe('the doctor', () => {
  it('finds nothing wrong with a healthy installation', () => {
    const rows = examine(healthyInstallation());
    expect(rows.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(exitCodeOf(rows)).toBe(0);
  });

  it.each(BROKEN)('names %s', (_what, change, state, check, subject, reason) => {
    const healthy = healthyInstallation();
    const rows = examine({ ...healthy, ...change(healthy) });
    const row = rows.find((each) => each.check === check && each.state === state && each.subject.startsWith(subject));
    expect(row, JSON.stringify(rows.filter((each) => each.state !== 'ok'))).toBeDefined();
    expect(row!.reason).toMatch(reason);
    expect(exitCodeOf(rows)).toBe({ ok: 0, warning: 0, problem: 1, unknown: 2 }[state]);
  });

  it('says what to do about everything that is wrong', () => {
    for (const [what, change] of BROKEN) {
      const healthy = healthyInstallation();
      for (const row of examine({ ...healthy, ...change(healthy) }))
        if (row.state === 'problem' || row.state === 'warning')
          expect(row.remedy, `${what}: ${row.reason}`).toBeTruthy();
    }
  });

  it('does not miss a migration job that has removed itself after its end', () => {
    expect(exitCodeOf(examine({ ...healthyInstallation(), jobs: found([]) }))).toBe(0);
  });

  it('points only to pages and headings that there are', async () => {
    const pages = new Set(
      BROKEN.flatMap(([, change]) => {
        const healthy = healthyInstallation();
        return examine({ ...healthy, ...change(healthy) }).flatMap(({ page }) => page ?? []);
      }),
    );
    expect(pages.size).toBeGreaterThan(10);
    for (const page of pages) {
      const [file, anchor] = page.split('#');
      const text = await readFile(join(import.meta.dirname, '../../../../../docs', file!), 'utf8');
      const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
        heading!
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-'),
      );
      if (anchor !== undefined) expect(anchors, page).toContain(anchor);
    }
  });

  it('takes the autoscaler that KEDA makes for the only one', () => {
    const owned = {
      ...autoscalerOf(),
      metadata: { name: 'shortlist-serving', ownerReferences: [{ kind: 'ScaledObject', name: 'serving' }] },
    };
    const rows = examine({
      ...healthyInstallation(),
      autoscalers: found([owned]),
      scaledObjects: found([{ metadata: { name: 'serving' }, spec: { scaleTargetRef: { name: 'serving' } } }]),
    });
    expect(rows.filter(({ state }) => state !== 'ok')).toEqual([]);
  });

  it('takes pods that try a release for no skew, and a superseded release for no fault', () => {
    const healthy = healthyInstallation();
    const isNot = [{ type: 'Ready', status: 'False', reason: 'Canary', message: 'it is tried' }];
    const rows = examine({
      ...healthy,
      ...status(({ release }) => (release!.active = 'r-8'))(healthy),
      modelReleases: found([
        { metadata: { name: 'r-8' }, status: { phase: 'Canary', canaryPods: ['serving-7c9d-b'], conditions: isNot } },
        { metadata: { name: 'r-6' }, status: { phase: 'Superseded', conditions: isNot } },
      ]),
    });
    expect(rows.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(rows).toContainEqual(
      expect.objectContaining({
        subject: '4 pods of serving',
        reason: 'all answer from r-7; 1 more try another for a ModelRelease',
      }),
    );
  });

  it('ignores pods that end, and sidecars of another version', () => {
    const healthy = healthyInstallation();
    const ending = {
      ...podOf('serving', 'z'),
      metadata: { ...podOf('serving', 'z').metadata, deletionTimestamp: '2026-03-01T11:59:00Z' },
    };
    const meshed = structuredClone(deploymentOf('ingest', 2));
    (meshed.spec.template.spec.containers as unknown[]).push({ name: 'istio-proxy', image: 'istio/proxyv2:1.28.0' });
    const rows = examine({
      ...healthy,
      pods: found([...listOf(healthy.pods), ending]),
      deployments: found(listOf(healthy.deployments).map((each) => (each.metadata.name === 'ingest' ? meshed : each))),
    });
    expect(rows.filter(({ state }) => state !== 'ok')).toEqual([]);
  });

  it('reads the tag of an image behind a port and a digest', () => {
    expect(tagOf('registry.example.com:5000/a/shortlist/serving:1.4.0@sha256:abc')).toBe('1.4.0');
    expect(tagOf('registry.example.com:5000/a/shortlist/serving')).toBeUndefined();
    expect(tagOf('shortlist/serving@sha256:abc')).toBeUndefined();
  });

  it('writes what needs attention last, in one line each, with what to do', () => {
    const rows = examine({ ...healthyInstallation(), autoscalers: found([]), prometheusRules: found([]) });
    const text = doctorReport(rows, { namespace: 'shortlist', server: 'https://k' });
    expect(text).toContain('Shortlist in namespace shortlist of https://k');
    expect(text.indexOf('warning  observation')).toBeLessThan(text.indexOf('problem  autoscaler'));
    expect(text).toMatch(
      /problem {2}autoscaler.*\n +do: .*\n +docs\/runbooks\/autoscaler-inactive\.md\n\n1 problem, 1 warning, \d+ ok\n$/,
    );
  });
});
