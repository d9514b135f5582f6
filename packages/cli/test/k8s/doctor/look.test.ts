import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubernetesApi } from '../../../src/k8s/api.ts';
import { listOf, type Installation, type Listed } from '../../../src/k8s/doctor/installation.ts';
import { lookAt } from '../../../src/k8s/doctor/look.ts';
import { healthyInstallation, podStatusOf, SCHEMA } from './healthy-installation.ts';

const NS = 'namespaces/shortlist';
const LABEL = encodeURIComponent('app.kubernetes.io/name=serving');
const healthy = healthyInstallation();

/** Where the API server has the parts of an installation. */
const LISTS: Readonly<Record<string, Listed<unknown>>> = {
  '/apis/apiregistration.k8s.io/v1/apiservices': healthy.apiServices,
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions': healthy.definitions,
  [`/apis/autoscaling/v2/${NS}/horizontalpodautoscalers`]: healthy.autoscalers,
  [`/apis/apps/v1/${NS}/deployments`]: healthy.deployments,
  [`/api/v1/${NS}/pods`]: healthy.pods,
  [`/apis/batch/v1/${NS}/jobs`]: healthy.jobs,
  [`/apis/batch/v1/${NS}/cronjobs`]: healthy.cronJobs,
  [`/apis/coordination.k8s.io/v1/${NS}/leases`]: healthy.leases,
  [`/apis/policy/v1/${NS}/poddisruptionbudgets`]: healthy.budgets,
  [`/apis/networking.k8s.io/v1/${NS}/networkpolicies`]: healthy.networkPolicies,
  [`/api/v1/${NS}/secrets`]: healthy.secrets,
  [`/api/v1/${NS}/configmaps`]: healthy.configMaps,
  [`/apis/monitoring.coreos.com/v1/${NS}/prometheusrules`]: healthy.prometheusRules,
  [`/apis/monitoring.coreos.com/v1/${NS}/servicemonitors`]: healthy.monitors,
  [`/apis/shortlist.dev/v1alpha1/${NS}/experiments`]: healthy.experiments,
  [`/apis/shortlist.dev/v1alpha1/${NS}/modelreleases`]: healthy.modelReleases,
};

const cpu = (usage: string) => ({
  containers: [
    { name: 'istio-proxy', usage: { cpu: '9m' } },
    { name: 'serving', usage: { cpu: usage } },
  ],
});

/** Everything else, by path and query. */
const OBJECTS: Readonly<Record<string, unknown>> = {
  '/version': healthy.version.state === 'found' ? healthy.version.value : undefined,
  [`/api/v1/${NS}`]: healthy.namespaceObject.state === 'found' ? healthy.namespaceObject.value : undefined,
  [`/apis/metrics.k8s.io/v1beta1/${NS}/pods?labelSelector=${LABEL}`]: {
    items: ['550m', '540m', '560m', '550m', '550m'].map(cpu),
  },
  [`/apis/external.metrics.k8s.io/v1beta1/${NS}/ranking_p99_pressure`]: {
    items: [{ metricName: 'ranking_p99_pressure', value: '62500m' }],
  },
  ...Object.fromEntries(
    ['a', 'b', 'c', 'd', 'e'].map((suffix) => [
      `/api/v1/${NS}/pods/serving-7c9d-${suffix}:8080/proxy/status`,
      podStatusOf(),
    ]),
  ),
};

let folder: string;
let server: Server;
let refused = new Map<string, number>();
const asked: { path: string; headers: IncomingHttpHeaders }[] = [];

beforeAll(async () => {
  server = createServer(({ url = '', headers, method }, response) => {
    asked.push({ path: `${method} ${url}`, headers });
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
    const path = url.replace(/[?&]limit=500$/, '');
    const status = refused.get(path);
    if (status !== undefined) return answer(status, { kind: 'Status', message: `no ${path}` });
    const list = LISTS[path];
    if (list !== undefined) return answer(200, { metadata: {}, items: listOf(list) });
    return OBJECTS[path] === undefined
      ? answer(404, { kind: 'Status', reason: 'NotFound' })
      : answer(200, OBJECTS[path]);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  folder = await mkdtemp(join(tmpdir(), 'shortlist-look-'));
  const cluster = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    'insecure-skip-tls-verify': true,
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'of-an-account' } }],
    contexts: [{ name: 'there', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'there',
  };
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(config));
  await mkdir(join(folder, 'crds'));
  const version = { name: 'v1alpha1', storage: true, schema: { openAPIV3Schema: SCHEMA } };
  const definition = { metadata: { name: 'experiments.shortlist.dev' }, spec: { versions: [version] } };
  await writeFile(join(folder, 'crds/experiments.yaml'), JSON.stringify(definition));
  await writeFile(join(folder, 'crds/kustomization.yaml'), 'kind: Kustomization\nresources: [experiments.yaml]\n');
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

async function look(): Promise<Installation> {
  asked.length = 0;
  const api = await KubernetesApi.open({ kubeconfig: join(folder, 'kubeconfig') });
  return lookAt(api, 'shortlist', join(folder, 'crds'));
}

describe('a look at an installation', () => {
  it('finds every part of it where the API server has it', async () => {
    const seen = await look();
    expect({ ...seen, nowMs: healthy.nowMs }).toEqual(healthy);
    expect(Math.abs(seen.nowMs - Date.now())).toBeLessThan(600_000);
  });

  it('only reads, as the account of the kubeconfig, and of Secrets only their names', async () => {
    await look();
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter(({ path }) => !path.startsWith('GET '))).toEqual([]);
    expect(new Set(asked.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer of-an-account']));
    for (const { headers } of asked.filter(({ path }) => path.includes('/secrets')))
      expect(headers.accept).toMatch(/^application\/json;as=PartialObjectMetadataList;.*v=v1$/);
  });

  it('goes on when something is refused, and says so there', async () => {
    refused = new Map([
      [`/api/v1/${NS}/secrets`, 403],
      [`/api/v1/${NS}/pods/serving-7c9d-c:8080/proxy/status`, 503],
    ]);
    const seen = await look();
    refused = new Map();
    expect(seen.secrets).toEqual({ state: 'unknown', reason: `403: no /api/v1/${NS}/secrets` });
    expect(seen.podStatuses.get('serving-7c9d-c')).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/^503: /) as unknown,
    });
    expect(seen.deployments).toEqual(healthy.deployments);
  });

  it('needs no manifests beside it, as in an image', async () => {
    const api = await KubernetesApi.open({ kubeconfig: join(folder, 'kubeconfig') });
    expect((await lookAt(api, 'shortlist', join(folder, 'nowhere'))).schemas.size).toBe(0);
  });
});
