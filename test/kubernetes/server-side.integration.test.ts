/**
 * Every manifest of every overlay, as an SRE would install it, asked of a real apiserver: schemas, CEL and admission are
 * those of the cluster itself, with nothing left out (kubeconform would compare with schemas that it downloads). Resources
 * of others (Prometheus operator, KEDA, Gateway API) have the CRDs that their projects publish.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { ApiError } from './control-plane/request.ts';
import {
  COMPONENTS,
  DEPLOY,
  oneOf,
  OVERLAYS,
  renderComponent,
  renderOverlay,
  textOf,
  type Manifest,
} from './overlays.ts';
import { podTemplatesOf } from './pod-templates.ts';

const { absent, folder } = findBinaries();
const MINUTES_5 = 300_000;
const DRY_RUN = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--force-conflicts', '-f', '-'];
/** What can be installed: every overlay, and the base with every component. */
const INSTALLATIONS = [...OVERLAYS.map((name) => `overlay ${name}`), ...COMPONENTS.map((name) => `component ${name}`)];
const render = (installation: string): readonly Manifest[] => {
  const [kind, name = ''] = installation.split(' ');
  return kind === 'overlay' ? renderOverlay(name) : renderComponent(name);
};
const rendered = new Map(absent ? [] : INSTALLATIONS.map((name) => [name, render(name)]));

let plane: ControlPlane;
beforeAll(async () => {
  if (absent) return;
  plane = await startControlPlane({ without: ['kube-scheduler', 'kwok'] });
  const crds = [join(folder, 'crds'), join(DEPLOY, 'base/crds')].flatMap((path) =>
    readdirSync(path)
      .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
      .map((file) => join(path, file)),
  );
  await plane.kubectl(['apply', '--server-side', ...crds.flatMap((file) => ['-f', file])]);
  await plane.kubectl(['wait', '--for=condition=Established', '--timeout=120s', 'crd', '--all']);
  // What the apiserver looks for even when it only tries; of two overlays with the same name, either will do.
  const needed = new Map(
    [...rendered.values()]
      .flat()
      .filter(({ kind }) => kind === 'Namespace' || kind === 'PriorityClass')
      .map((manifest) => [`${manifest.kind}/${manifest.metadata.name}`, manifest]),
  );
  await plane.kubectl(['apply', '--server-side', '-f', '-'], textOf([...needed.values()]));
  const namespaces = [...needed.values()]
    .filter(({ kind }) => kind === 'Namespace')
    .map(({ metadata }) => metadata.name);
  for (const name of namespaces)
    await plane.kubectl(['-n', name, 'wait', '--for=create', '--timeout=120s', 'serviceaccount/default']);
}, MINUTES_5);
afterAll(() => plane?.stop());

describe(`server-side dry-run ${absent}`, { timeout: MINUTES_5 }, () => {
  describe.skipIf(absent).each(INSTALLATIONS)('of %s', (installation) => {
    it('accepts every manifest, without a warning', async () => {
      const { code, stdout, stderr } = await plane.tryKubectl(DRY_RUN, textOf(rendered.get(installation)!));
      expect([stderr, code]).toEqual(['', 0]);
      expect(stdout.trim().split('\n')).toHaveLength(rendered.get(installation)!.length);
    });

    it('has its pods admitted by its own namespace', async () => {
      const pods = rendered.get(installation)!.flatMap(podTemplatesOf);
      expect(pods.length).toBeGreaterThan(0);
      for (const { owner, namespace, pod } of pods) {
        const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
        // Its service account is not there in a dry run; who it is has no bearing on what it may do to the node.
        const { serviceAccountName: _, ...spec } = pod.spec;
        await plane
          .request('POST', path, { metadata: { ...pod.metadata, name: 'admitted' }, spec })
          .catch((error: unknown) => expect.fail(`${owner}: ${String(error)}`));
      }
    });
  });

  it.skipIf(absent)('refuses a field that is misspelt', async () => {
    const deployment = rendered.get('overlay production')!.find(({ kind }) => kind === 'Deployment')!;
    const misspelt = JSON.stringify({ ...deployment, spec: { ...(deployment.spec as object), minReadySecond: 5 } });
    expect((await plane.tryKubectl(DRY_RUN, misspelt)).stderr).toMatch(/unknown field|field not declared in schema/);
  });

  it.skipIf(absent)('refuses a value that the resource of another project does not have', async () => {
    const monitor = rendered
      .get('overlay production')!
      .find(({ kind }) => kind === 'ServiceMonitor' || kind === 'PodMonitor')!;
    const wrong = JSON.stringify({ ...monitor, spec: { ...(monitor.spec as object), sampleLimit: 'many' } });
    expect((await plane.tryKubectl(DRY_RUN, wrong)).stderr).toMatch(/sampleLimit/);
  });
});

/** What Pod Security `restricted` asks for, and nothing that it does not. */
const GOOD = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'main',
      image: 'example.invalid/main:1',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
};
const main = GOOD.containers[0]!;
const containerWith = (securityContext: object) => ({
  ...GOOD,
  containers: [{ ...main, securityContext: { ...main.securityContext, ...securityContext } }],
});
const BAD: readonly [what: string, spec: object, message: RegExp][] = [
  ['privileged container', containerWith({ privileged: true, allowPrivilegeEscalation: true }), /privileged/],
  ['user root', containerWith({ runAsUser: 0 }), /runAsUser/],
  ['user not said', { ...GOOD, securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }, /runAsNonRoot/],
  ['no seccomp profile', { ...GOOD, securityContext: { runAsNonRoot: true } }, /seccompProfile/],
  ['escalation of privileges', containerWith({ allowPrivilegeEscalation: true }), /allowPrivilegeEscalation/],
  ['capabilities kept', containerWith({ capabilities: {} }), /unrestricted capabilities/],
  ['network of the node', { ...GOOD, hostNetwork: true }, /host namespaces/],
  ['folder of the node', { ...GOOD, volumes: [{ name: 'root', hostPath: { path: '/' } }] }, /hostPath/],
];

describe(`the namespaces ${absent}`, { timeout: MINUTES_5 }, () => {
  describe.skipIf(absent).each(OVERLAYS)('of overlay %s', (overlay) => {
    const pods = () =>
      `/api/v1/namespaces/${oneOf(rendered.get(`overlay ${overlay}`)!, 'Namespace').metadata.name}/pods?dryRun=All`;
    it('let a restricted pod in', async () => {
      await plane.request('POST', pods(), { metadata: { name: 'good' }, spec: GOOD });
    });
    it.each(BAD)('refuse a pod with: %s', async (_, spec, message) => {
      const refused = await plane
        .request('POST', pods(), { metadata: { name: 'bad' }, spec })
        .catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(ApiError);
      expect(refused).toMatchObject({ status: 403, message: expect.stringMatching(message) });
      expect((refused as Error).message).toContain('violates PodSecurity \\"restricted');
    });
  });
});
