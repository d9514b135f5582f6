import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { addNodes } from './control-plane/nodes.ts';
import { startMetricsApi, type MetricsApi } from './metrics-api/metrics-api.ts';

const { folder: binaries, absent } = findBinaries('full');
const REPOSITORY = resolve(import.meta.dirname, '../..');
const SHORTLIST = resolve(REPOSITORY, 'packages/cli/bin/shortlist');
const NAMESPACE = 'shortlist';
const MINUTES_5 = 300_000;
/** Of groups that no operator has brought to this cluster. */
const WITHOUT = ['--without', 'monitoring.coreos.com', 'gateway.networking.k8s.io'];

let plane: ControlPlane;
let metrics: MetricsApi;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command line, with the kubectl of this control plane. */
function shortlist(...args: string[]): Promise<Outcome> {
  const env = {
    ...process.env,
    KUBECONFIG: plane.kubeconfig,
    KUBECACHEDIR: `${plane.folder}/cache`,
    PATH: `${binaries}:${process.env.PATH}`,
  };
  return new Promise((done) => {
    execFile(SHORTLIST, ['k8s', ...args], { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

interface Row {
  readonly check: string;
  readonly state: string;
  readonly subject: string;
  readonly reason: string;
  readonly remedy?: string;
}

async function doctor(): Promise<{ code: number; rows: Row[] }> {
  const { code, stdout, stderr } = await shortlist('doctor', '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, rows: (JSON.parse(stdout) as { rows: Row[] }).rows };
}

/** Waits until the doctor says it: the controllers of Kubernetes take their time. */
async function expectRow(row: Record<string, unknown>): Promise<void> {
  await expect
    .poll(async () => (await doctor()).rows, { timeout: 120_000, interval: 500 })
    .toContainEqual(expect.objectContaining(row));
}

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const path = (group: string, resource: string) =>
  `/${group === 'v1' ? 'api' : 'apis'}/${group}/namespaces/${NAMESPACE}/${resource}`;

/** Somewhere to put the claims of the dev overlay: nothing provisions volumes here. */
const volumeOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: { capacity: { storage: '20Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/nowhere/${name}` } },
});

/** As the leading controller writes it. */
const leaseOf = (renewTime: string) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'shortlist-controller', namespace: NAMESPACE },
  spec: { holderIdentity: 'controller-0', leaseDurationSeconds: 3600, renewTime },
});
const applyLease = (renewTime: string) =>
  plane.request(
    'PATCH',
    `${path('coordination.k8s.io/v1', 'leases')}/shortlist-controller?fieldManager=test&force=true`,
    leaseOf(renewTime),
    'apply',
  );
const microseconds = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z');

beforeAll(async () => {
  if (absent) return;
  plane = await startControlPlane();
  metrics = await startMetricsApi(plane);
  metrics.set(NAMESPACE, {
    cpu: { serving: '55m' },
    external: { ranking_p99_pressure: '62500m' },
    pods: { shortlist_admitted_in_flight: '5' },
  });
  await addNodes(plane, ['a', 'b', 'c']);
  for (const name of ['a', 'b', 'c'])
    await plane.request('POST', '/api/v1/persistentvolumes', volumeOf(`volume-${name}`));
}, MINUTES_5);
afterAll(async () => {
  await metrics?.stop();
  await plane?.stop();
});

describe(`shortlist k8s on a real control plane ${absent}`, { timeout: MINUTES_5 }, () => {
  it.skipIf(absent)('says of an empty cluster that nothing is installed', async () => {
    const { code, rows } = await doctor();
    expect(code).toBe(1);
    expect(rows).toContainEqual(
      expect.objectContaining({
        subject: `namespace/${NAMESPACE}`,
        state: 'problem',
        reason: matching(/nothing is installed/),
      }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({ subject: 'apiserver', state: 'ok', reason: 'v1.36.3 answers' }),
    );
  });

  it.skipIf(absent)('names the kinds that a cluster lacks before it changes anything', async () => {
    const { code, stderr } = await shortlist('diff', 'production');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /kubernetes_kinds_missing: The cluster does not know .*ServiceMonitor .*--without .*monitoring\.coreos\.com/,
    );
  });

  it.skipIf(absent)('plans a deploy, and changes nothing unless the cluster is named', async () => {
    const plan = await shortlist('deploy', 'dev', ...WITHOUT);
    expect(plan).toMatchObject({
      code: 0,
      stderr: matching(/created +Deployment\/serving[^]*Nothing was changed.*--context/),
    });
    await expect(plane.request('GET', `/api/v1/namespaces/${NAMESPACE}`)).rejects.toThrow(/404|not found/i);
    expect(await shortlist('diff', 'dev', ...WITHOUT)).toMatchObject({
      code: 1,
      stdout: matching(/0 changed, 0 replaced/),
    });
  });

  it.skipIf(absent)('installs the dev overlay: migrations first, then pods, then a look', async () => {
    const context = (await plane.kubectl(['config', 'current-context'])).trim();
    const { code, stdout, stderr } = await shortlist(
      'deploy',
      'dev',
      ...WITHOUT,
      '--context',
      context,
      '--timeout',
      '240',
    );
    expect(stderr).toMatch(
      /Job migrations[^]*Deployments[^]*deployment "serving" successfully rolled out[^]*Looking at the result/,
    );
    // No controller runs here: nobody has taken the lead.
    expect(stdout).toMatch(/problem +leader/);
    expect(code).toBe(1);
  });

  it.skipIf(absent)('finds nothing that would change afterwards', async () => {
    expect(await shortlist('diff', 'dev', ...WITHOUT)).toMatchObject({
      code: 0,
      stdout: matching(/Nothing would change/),
    });
  });

  it.skipIf(absent)('finds everything in order that a control plane without kubelets can have in order', async () => {
    await applyLease(microseconds(Date.now()));
    await expectRow({ check: 'autoscaler', state: 'ok', reason: matching(/active, \d+ pods of 1 to 3/) });
    await expect
      .poll(async () => (await doctor()).rows.filter(({ state }) => state === 'problem'), {
        timeout: 120_000,
        interval: 500,
      })
      .toEqual([]);
    const { code, rows } = await doctor();
    for (const check of [
      'api',
      'namespace',
      'definitions',
      'references',
      'migrations',
      'workloads',
      'versions',
      'leader',
      'resources',
      'metrics',
      'disruption',
    ])
      expect(
        rows.filter((row) => row.check === check).map(({ state, reason }) => `${state}: ${reason}`),
        check,
      ).toEqual([...rows.filter((row) => row.check === check).map(({ reason }) => `ok: ${reason}`)]);
    // No container runs, so none can be asked; no operator watches.
    expect(rows.filter(({ state }) => state === 'unknown').map(({ check }) => check)).toEqual([
      'releases',
      'snapshots',
    ]);
    expect(rows.filter(({ check }) => check === 'observation').map(({ state }) => state)).toEqual([
      'warning',
      'warning',
    ]);
    expect(code).toBe(2);
  });

  it.skipIf(absent)('never asks for what is in a Secret', async () => {
    await plane.kubectl([
      '--namespace',
      NAMESPACE,
      'create',
      'secret',
      'generic',
      'witness',
      '--from-literal=key=hush-hush',
    ]);
    const { stdout, stderr } = await shortlist('doctor', '--json');
    expect(stdout + stderr).not.toMatch(/hush-hush|aHVzaC1odXNo/);
  });

  it.skipIf(absent)('misses an autoscaler that was deleted, and deploy would bring it back', async () => {
    await plane.kubectl(['--namespace', NAMESPACE, 'delete', 'hpa', '--all']);
    await expectRow({ check: 'autoscaler', state: 'problem', reason: matching(/has no autoscaler/) });
    const { code, stdout } = await shortlist('diff', 'dev', ...WITHOUT);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: matching(/created +HorizontalPodAutoscaler\/shortlist-serving\n\n1 created, 0 changed/),
    });
    await plane.kubectl(
      ['apply', '--server-side', '--field-manager=shortlist-cli', '-f', '-'],
      (await shortlist('render', 'dev', ...WITHOUT)).stdout,
    );
    await expectRow({ check: 'autoscaler', state: 'ok' });
  });

  it.skipIf(absent)('misses a metrics API that nobody serves any more', async () => {
    const name = 'v1beta1.external.metrics.k8s.io';
    const kept = await plane.request<{ metadata: Record<string, unknown>; spec: unknown }>(
      'GET',
      `/apis/apiregistration.k8s.io/v1/apiservices/${name}`,
    );
    await plane.kubectl(['delete', 'apiservice', name]);
    await expectRow({
      check: 'metrics',
      subject: 'external.metrics.k8s.io',
      state: 'problem',
      reason: matching(/not registered: ranking_p99_pressure/),
    });
    await plane.request('POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec: kept.spec,
    });
    await expectRow({
      check: 'metrics',
      subject: 'external.metrics.k8s.io ranking_p99_pressure',
      state: 'ok',
      reason: 'is 62500m',
    });
  });

  it.skipIf(absent)('sees an image of another version', async () => {
    await plane.kubectl([
      '--namespace',
      NAMESPACE,
      'set',
      'image',
      'deployment/ingest',
      'ingest=shortlist/ingest:0.0.9',
    ]);
    await expectRow({
      check: 'versions',
      state: 'warning',
      subject: 'deployment/ingest',
      reason: matching(/version 0\.0\.9 beside/),
    });
    expect(await shortlist('rollback', 'ingest')).toMatchObject({
      code: 0,
      stderr: matching(/REVISION[^]*Nothing was changed/),
    });
    const context = (await plane.kubectl(['config', 'current-context'])).trim();
    expect(
      await shortlist('rollback', 'ingest', '--context', context, '--timeout', '240', '--settle', '5'),
    ).toMatchObject({
      code: 0,
      stderr: matching(/rolled back[^]*successfully rolled out/),
    });
    await expectRow({ check: 'versions', state: 'ok' });
  });

  it.skipIf(absent)('writes a release into the pods, and takes it back', async () => {
    const context = (await plane.kubectl(['config', 'current-context'])).trim();
    const release = ['--release', '20260301-120000', '--manifest-sha256', 'd'.repeat(64)];
    const deployed = await shortlist(
      'deploy',
      'dev',
      ...WITHOUT,
      ...release,
      '--context',
      context,
      '--timeout',
      '240',
      '--settle',
      '5',
    );
    expect(deployed.stderr).toMatch(
      /changed +Deployment\/serving[^]*\+.*shortlist\.dev\/release: "?20260301-120000[^]*0 created, 1 changed/,
    );
    // The pod before it may still be ending.
    await expect
      .poll(async () => (await shortlist('monitor', '--count', '1')).stdout, { timeout: 120_000 })
      .toMatch(/serving +1 +1 +0 +20260301-120000/);
    await shortlist('rollback', '--context', context, '--timeout', '240', '--settle', '5');
    await expect
      .poll(async () => (await shortlist('monitor', '--count', '1')).stdout, { timeout: 120_000 })
      .toMatch(/serving +1 +1 +0 +-\n/);
  });

  it.skipIf(absent)('sees that the leading controller is gone', async () => {
    await applyLease(microseconds(Date.now() - 2 * 3600_000));
    await expectRow({
      check: 'leader',
      state: 'problem',
      reason: matching(/controller-0 has not renewed it for 72\d\d s; it lasts 3600 s/),
    });
    await applyLease(microseconds(Date.now()));
    await expectRow({ check: 'leader', state: 'ok' });
  });

  it.skipIf(absent)('sees a budget that no pod may leave under', async () => {
    const budget = `${path('policy/v1', 'poddisruptionbudgets')}/serving`;
    await plane.request('PATCH', budget, { spec: { maxUnavailable: 0 } }, 'merge');
    await expectRow({
      check: 'disruption',
      subject: 'poddisruptionbudget/serving',
      state: 'problem',
      reason: matching(/no pod may ever go/),
    });
  });

  it.skipIf(absent)('sees that the namespace admits anything', async () => {
    await plane.kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce-']);
    await expectRow({ check: 'namespace', state: 'problem', reason: matching(/enforces nothing/) });
  });

  it.skipIf(absent)('sees a Secret that pods name and nobody made', async () => {
    await plane.request(
      'PATCH',
      `${path('apps/v1', 'deployments')}/ingest?fieldManager=test&force=true`,
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'ingest' },
        spec: {
          template: {
            spec: { containers: [{ name: 'ingest', envFrom: [{ secretRef: { name: 'nobody-made-it' } }] }] },
          },
        },
      },
      'apply',
    );
    await expectRow({
      check: 'references',
      subject: 'secret/nobody-made-it',
      state: 'problem',
      reason: matching(/deployment\/ingest/),
    });
  });

  it.skipIf(absent)('sees definitions of another build, and missing ones', async () => {
    const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/experiments.shortlist.dev';
    const live = await plane.request<{ spec: { versions: Record<string, unknown>[] } }>('GET', definition);
    const versions = structuredClone(live.spec.versions);
    (versions[0] as { schema: { openAPIV3Schema: { description?: string } } }).schema.openAPIV3Schema.description =
      'of another build';
    await plane.request('PATCH', definition, { spec: { versions } }, 'merge');
    await expectRow({
      subject: 'crd/experiments.shortlist.dev',
      state: 'warning',
      reason: matching(/schema is not that of this program/),
    });
    await plane.kubectl(['delete', 'crd', 'experiments.shortlist.dev']);
    await expectRow({ subject: 'crd/experiments.shortlist.dev', state: 'problem', reason: matching(/not installed/) });
  });

  it.skipIf(absent)('could not look when the API server is gone', async () => {
    await plane.killApiServer();
    expect(await shortlist('doctor')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: matching(/^error kubernetes_unreachable/),
    });
    await plane.startApiServer();
  });
});
