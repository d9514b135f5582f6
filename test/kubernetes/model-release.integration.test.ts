/**
 * A release on its way to the pods, on a real control plane with the real controller: the deployment, its ReplicaSets and
 * `kubectl rollout undo` are Kubernetes' own, and every pod is a real ranking pod (see resources/loopback-pods.ts).
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ModelReleaseStatus } from '@shortlist/core/contracts/model-release-resource.ts';
import { startChild, untilReady, type ChildPod } from '../../packages/serving/test/child-pod.ts';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { experiment, modelRelease } from './resources/example-resources.ts';
import { ADMIN_URL, LoopbackPods } from './resources/loopback-pods.ts';
import { makeReleaseShop, type ReleaseShop } from './resources/release-shop.ts';

const { absent } = findBinaries('full');
const CRDS = join(import.meta.dirname, '../../deploy/base/crds');
const MINUTES_5 = 300_000;
const NAMESPACE = 'default';
const RESOURCES = `/apis/shortlist.dev/v1alpha1/namespaces/${NAMESPACE}`;
const DEPLOYMENT = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/serving`;
const REPLICAS = 2;

let plane: ControlPlane;
let shop: ReleaseShop;
let pods: LoopbackPods;
let controller: ChildPod;

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations?: Record<string, string> };
      readonly spec: { readonly containers: readonly { readonly env: readonly { name: string; value?: string }[] }[] };
    };
  };
}

const deployment = () => plane.request<Deployment>('GET', DEPLOYMENT);
const variable = async (name: string) =>
  (await deployment()).spec.template.spec.containers[0]!.env.find((one) => one.name === name)?.value;

beforeAll(async () => {
  if (absent) return;
  [plane, shop] = await Promise.all([startControlPlane({ without: ['kube-scheduler', 'kwok'] }), makeReleaseShop(6)]);
  const files = readdirSync(CRDS).filter((file) => file.endsWith('.shortlist.dev.yaml'));
  await plane.kubectl(['apply', '--server-side', ...files.flatMap((file) => ['-f', join(CRDS, file)])]);
  await plane.kubectl(['wait', '--for=condition=Established', '--timeout=120s', 'crd', '--all']);
  const labels = { 'app.kubernetes.io/name': 'serving' };
  await plane.request('POST', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'serving', labels },
    spec: {
      replicas: REPLICAS,
      progressDeadlineSeconds: 60,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'serving',
              image: 'shortlist/serving',
              env: [
                { name: 'SHORTLIST_HOME', value: shop.home },
                { name: 'SHORTLIST_QUEUE_MAX', value: '256' },
              ],
            },
          ],
        },
      },
    },
  });
  pods = new LoopbackPods(plane, { namespace: NAMESPACE, app: 'serving' });
  pods.start();
  controller = startChild('../../controller/src/main.ts', {
    SHORTLIST_CONTROLLER_HTTP_HOST: '127.0.0.1',
    SHORTLIST_CONTROLLER_HTTP_PORT: '0',
    SHORTLIST_CONTROLLER_ADMIN_PORT: '0',
    SHORTLIST_CONTROLLER_NAMESPACE: NAMESPACE,
    SHORTLIST_CONTROLLER_KUBECONFIG: plane.kubeconfig,
    SHORTLIST_CONTROLLER_POD_URL_ANNOTATION: ADMIN_URL,
    SHORTLIST_CONTROLLER_RELEASE_POLL_EVERY_MS: '300',
    SHORTLIST_CONTROLLER_RELEASE_ACTIVE_POLL_EVERY_S: '1',
    // There is no experiments service here: what an experiment says is written into its status by the test.
    SHORTLIST_CONTROLLER_EXPERIMENTS_URL: 'http://127.0.0.1:9',
  });
  await untilReady(controller);
  await vi.waitFor(() => expect(pods.urls.size).toBe(REPLICAS), { timeout: MINUTES_5, interval: 100 });
}, MINUTES_5);

afterAll(async () => {
  controller?.process.kill('SIGKILL');
  await pods?.stop();
  await plane?.stop();
  await shop?.remove();
});

/** A ModelRelease of the shop's release of this number. */
async function apply(name: string, number: number, changes: Record<string, unknown> = {}): Promise<void> {
  const release = shop.releases[number]!;
  const manifestSha256 = await shop.manifestSha256(release);
  await plane.kubectl(
    ['apply', '-f', '-'],
    JSON.stringify(modelRelease({ release, manifestSha256, ...changes }, name)),
  );
}

const statusOf = async (name: string): Promise<ModelReleaseStatus> =>
  (await plane.request<{ status?: ModelReleaseStatus }>('GET', `${RESOURCES}/modelreleases/${name}`)).status ?? {};
const condition = async (name: string, type: string) =>
  (await statusOf(name)).conditions?.find((one) => one.type === type);
const untilPhase = (name: string, phase: string) =>
  expect
    .poll(
      async () => ((await statusOf(name)).phase === phase ? phase : JSON.stringify(await statusOf(name), null, 1)),
      {
        timeout: MINUTES_5,
        interval: 200,
      },
    )
    .toBe(phase);

/** What shoppers get, pod by pod. */
async function served(): Promise<readonly string[]> {
  const asked = [...pods.urls.values()].map(async (url) => {
    const answer = await fetch(`${url}/recommendations?session_id=s`);
    return ((await answer.json()) as { model_version: string }).model_version;
  });
  return Promise.all(asked);
}
const untilServed = (number: number) =>
  expect
    .poll(served, { timeout: MINUTES_5, interval: 200 })
    .toEqual(Array.from({ length: REPLICAS }, () => shop.releases[number]));

/** What the experiment's own reconciler writes when its service decides. */
const decide = (name: string, status: object) =>
  plane.request('PATCH', `${RESOURCES}/experiments/${name}/status`, { status });

describe(`a ModelRelease ${absent}`, { timeout: MINUTES_5 }, () => {
  it.skipIf(absent)('that is loaded by every pod is put into the pod template, and served by all', async () => {
    expect(await variable('SHORTLIST_RELEASE')).toBeUndefined();
    await apply('first', 0);
    await untilPhase('first', 'Active');
    await untilServed(0);
    const { spec } = await deployment();
    const manifestSha256 = await shop.manifestSha256(shop.releases[0]!);
    expect(spec.template.metadata.annotations).toMatchObject({
      'shortlist.dev/release': shop.releases[0],
      'shortlist.dev/release-manifest-sha256': manifestSha256,
    });
    expect(await variable('SHORTLIST_RELEASE_MANIFEST_SHA256')).toBe(manifestSha256);
    await expect.poll(() => condition('first', 'Ready'), { timeout: MINUTES_5 }).toMatchObject({ status: 'True' });
    expect(await statusOf('first')).toMatchObject({
      observedGeneration: 1,
      activeRelease: shop.releases[0],
      pods: { total: REPLICAS, active: REPLICAS },
    });
    for (const type of ['Verified', 'Loaded', 'Promoted'])
      expect(await condition('first', type)).toMatchObject({ status: 'True', observedGeneration: 1 });
    expect(await plane.kubectl(['get', 'events', '-o', 'custom-columns=R:.reason,O:.involvedObject.name'])).toMatch(
      /Promoted +first/,
    );
  });

  it.skipIf(absent)('with a damaged file is refused: the old one serves on, and the condition says why', async () => {
    const { metadata } = await deployment();
    await shop.flip(shop.releases[1]!, 'items.arrow');
    await apply('damaged', 1);
    await untilPhase('damaged', 'Failed');
    expect(await condition('damaged', 'Verified')).toMatchObject({
      status: 'False',
      reason: 'DigestMismatch',
      message: expect.stringMatching(
        /^pod serving-\S+: release_digest_mismatch: .*items\.arrow is damaged: expected sha256 \w{64}, found sha256/,
      ),
    });
    expect(await condition('damaged', 'Ready')).toMatchObject({ status: 'False', reason: 'DigestMismatch' });
    // The pod template was not touched: no pod was started anew.
    expect((await deployment()).metadata.generation).toBe(metadata.generation);
    expect(await served()).toEqual([shop.releases[0], shop.releases[0]]);
    expect(await statusOf('first')).toMatchObject({ phase: 'Active' });
    // Mended, and asked for again.
    await shop.flip(shop.releases[1]!, 'items.arrow');
    await plane.kubectl(['patch', 'mr', 'damaged', '--type=merge', '-p', '{"spec":{"attempt":2,"promote":"manual"}}']);
    await untilPhase('damaged', 'AwaitingPromotion');
    await plane.kubectl(['delete', 'mr', 'damaged', '--timeout=120s']);
    expect((await deployment()).metadata.generation).toBe(metadata.generation);
  });

  it.skipIf(absent)('with the digest of another manifest is refused', async () => {
    await apply('mistaken', 1, { manifestSha256: '0'.repeat(64) });
    await untilPhase('mistaken', 'Failed');
    expect(await condition('mistaken', 'Verified')).toMatchObject({
      reason: 'DigestMismatch',
      message: expect.stringContaining('manifest.json is damaged: expected sha256 0000'),
    });
    expect(await served()).toEqual([shop.releases[0], shop.releases[0]]);
  });

  it.skipIf(absent)('is tried on one pod first, then promoted; the one before is superseded', async () => {
    // In one revision of the deployment: a setting, and then the release.
    await plane.kubectl(['set', 'env', 'deployment/serving', 'SHORTLIST_QUEUE_MAX=128']);
    await plane.kubectl(['rollout', 'status', 'deployment/serving', '--timeout=240s']);
    await apply('second', 1, { rollout: { strategy: 'pods', podShare: 0.5, observeSeconds: 2 } });
    await expect.poll(served, { timeout: MINUTES_5, interval: 100 }).toContain(shop.releases[1]);
    await untilPhase('second', 'Active');
    await untilServed(1);
    expect(await condition('second', 'CanaryServing')).toBeDefined();
    await untilPhase('first', 'Superseded');
    expect((await statusOf('second')).previous).toMatchObject({ release: shop.releases[0] });
    expect((await statusOf('second')).canaryPods).toBeUndefined();
  });

  it.skipIf(absent)(
    'is taken back by kubectl rollout undo, model and configuration together, and nobody fights it',
    async () => {
      // Back to the revision of the first release, when the queue was longer.
      const history = await plane.kubectl(['get', 'rs', '-o', 'json', '-l', 'app.kubernetes.io/name=serving']);
      interface ReplicaSet {
        readonly metadata: { readonly annotations: Record<string, string> };
        readonly spec: Deployment['spec'];
      }
      const revision = (JSON.parse(history) as { items: ReplicaSet[] }).items.find(({ spec }) => {
        const { env } = spec.template.spec.containers[0]!;
        const valueOf = (name: string) => env.find((one) => one.name === name)?.value;
        return valueOf('SHORTLIST_RELEASE') === shop.releases[0] && valueOf('SHORTLIST_QUEUE_MAX') === '256';
      })!.metadata.annotations['deployment.kubernetes.io/revision']!;
      await plane.kubectl(['rollout', 'undo', 'deployment/serving', `--to-revision=${revision}`]);
      await untilServed(0);
      expect(await variable('SHORTLIST_QUEUE_MAX')).toBe('256');
      await untilPhase('second', 'Superseded');
      expect(await statusOf('second')).toMatchObject({
        reason: expect.stringContaining(`names ${shop.releases[0]} now`),
      });
      await untilPhase('first', 'Active');
      const { metadata } = await deployment();
      // And once more: undo of the undo.
      await plane.kubectl(['rollout', 'undo', 'deployment/serving']);
      await untilServed(1);
      expect(await variable('SHORTLIST_QUEUE_MAX')).toBe('128');
      await untilPhase('second', 'Active');
      await untilPhase('first', 'Superseded');
      expect((await deployment()).metadata.generation).toBe(metadata.generation + 1);
    },
  );

  it.skipIf(absent)(
    'is rolled back by itself when a guardrail of its experiment fails after it was promoted',
    async () => {
      await plane.kubectl(['apply', '-f', '-'], JSON.stringify(experiment({}, 'guard')));
      await apply('third', 2, { guardExperiment: 'guard' });
      await untilPhase('third', 'Active');
      await untilServed(2);
      await decide('guard', { state: 'rolled_back', decision: 'guardrail errors: +40 % [+12 %, +71 %]' });
      await untilPhase('third', 'RolledBack');
      await untilServed(1);
      expect(await condition('third', 'Ready')).toMatchObject({
        status: 'False',
        reason: 'GuardFailed',
        message: expect.stringContaining('experiment guard was rolled back'),
      });
      await untilPhase('second', 'Active');
      const events = await plane.kubectl([
        'get',
        'events',
        '-o',
        'json',
        '--field-selector',
        'involvedObject.name=third',
      ]);
      expect(events).toContain('experiment guard was rolled back: guardrail errors: +40 % [+12 %, +71 %]');
    },
  );

  it.skipIf(absent)('is promoted when its experiment chose it, and not before', async () => {
    const variants = [
      { name: 'control', weight: 0.5 },
      { name: 'new', weight: 0.5, release: shop.releases[3] },
    ];
    await plane.kubectl(['apply', '-f', '-'], JSON.stringify(experiment({ variants }, 'compare')));
    await decide('compare', { state: 'running' });
    await apply('fourth', 3, { rollout: { strategy: 'experiment' }, guardExperiment: 'compare' });
    await untilPhase('fourth', 'Canary');
    await expect
      .poll(async () => (await statusOf('fourth')).reason, { timeout: MINUTES_5 })
      .toContain('experiment compare is running');
    expect(await served()).toEqual([shop.releases[1], shop.releases[1]]);
    await decide('compare', { state: 'promoted', promoted: 'new', decision: 'click-rate +8 %' });
    await untilPhase('fourth', 'Active');
    await untilServed(3);
  });

  it.skipIf(absent)('goes back when the new pods do not start with it', async () => {
    await apply('fifth', 4, { promote: 'manual' });
    await untilPhase('fifth', 'AwaitingPromotion');
    // It breaks after all pods have loaded it: what is started from now on refuses it.
    await shop.flip(shop.releases[4]!, 'items.arrow');
    await plane.kubectl(['patch', 'deployment', 'serving', '-p', '{"spec":{"progressDeadlineSeconds":15}}']);
    await plane.kubectl(['patch', 'mr', 'fifth', '--type=merge', '-p', '{"spec":{"promote":"auto"}}']);
    await untilPhase('fifth', 'RolledBack');
    await untilServed(3);
    expect(await variable('SHORTLIST_RELEASE')).toBe(shop.releases[3]);
    const events = await plane.kubectl([
      'get',
      'events',
      '-o',
      'json',
      '--field-selector',
      'involvedObject.name=fifth',
    ]);
    expect(events).toContain('ProgressDeadlineExceeded');
    await untilPhase('fourth', 'Active');
  });
});
