/** The controller as a process, from its environment to its exit code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControllerProcess } from './controller-process.ts';
import { ExperimentsDouble } from './experiments-double.ts';
import { EXPERIMENTS_PATH, NAMESPACE, specOf } from './experiment/bench.ts';
import { KubeDouble } from './kube-double.ts';
import { until } from './until.ts';

const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;

let folder: string;
let kube: KubeDouble;
let service: ExperimentsDouble;
let controllers: ControllerProcess[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shortlist-controller-'));
  kube = await KubeDouble.start();
  service = await ExperimentsDouble.start();
  controllers = [];
});
afterEach(async () => {
  await Promise.all(controllers.map((one) => one.stop()));
  await Promise.all([kube.stop(), service.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<ControllerProcess> {
  const file = join(folder, 'kubeconfig');
  // JSON is YAML.
  writeFileSync(file, kube.config.exportConfig());
  const controller = await ControllerProcess.start({
    SHORTLIST_CONTROLLER_KUBECONFIG: file,
    SHORTLIST_CONTROLLER_NAMESPACE: NAMESPACE,
    SHORTLIST_CONTROLLER_EXPERIMENTS_URL: service.url,
    SHORTLIST_CONTROLLER_LEASE_DURATION_S: '60',
  });
  controllers.push(controller);
  return controller;
}

describe('the controller process', { timeout: 240_000 }, () => {
  it('reconciles, says how it is, and ends by letting go of the lease', async () => {
    kube.put(EXPERIMENTS_PATH, { metadata: { name: 'one' }, spec: specOf() });
    const controller = await start();
    await until('it runs', () => kube.find(EXPERIMENTS_PATH, 'one')?.status?.state === 'running', 120_000);
    expect(await controller.ready()).toBe(200);
    expect(await controller.status()).toMatchObject({ ready: true, leading: true });
    expect(await controller.metric('shortlist_controller_leading')).toBe(1);
    expect(await controller.metric('shortlist_controller_objects', 'kind="experiment"')).toBe(1);
    const done = 'shortlist_controller_reconcile_duration_seconds_count';
    expect(await controller.metric(done, 'kind="experiment",result="ok"')).toBeGreaterThan(0);
    expect(kube.find(LEASES, 'shortlist-controller')?.spec?.holderIdentity).toMatch(/_/);
    expect(await controller.stop()).toBe(0);
    expect(kube.find(LEASES, 'shortlist-controller')?.spec?.holderIdentity).toBe('');
  });

  it('is alive and not ready while no API server answers, and waits for it', async () => {
    await kube.stop();
    const controller = await start();
    expect(await controller.ready()).toBe(503);
    await kube.listen();
    await until('it leads', async () => (await controller.status()).leading, 120_000);
    expect(await controller.ready()).toBe(200);
  });

  it('refuses a kubeconfig that is none, with the name of the variable', async () => {
    const variables = { SHORTLIST_CONTROLLER_KUBECONFIG: join(folder, 'none') };
    await expect(ControllerProcess.start(variables).then((one) => one.exit())).resolves.toMatchObject({
      code: 2,
      log: expect.stringContaining('SHORTLIST_CONTROLLER_KUBECONFIG') as string,
    });
  });
});
