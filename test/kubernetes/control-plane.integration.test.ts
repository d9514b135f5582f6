import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { addNodes } from './control-plane/nodes.ts';

const { absent } = findBinaries();
let plane: ControlPlane;
beforeAll(async () => {
  if (absent) return;
  plane = await startControlPlane();
  await addNodes(plane, ['a']);
}, 300_000);
afterAll(() => plane?.stop());

describe(`a real control plane ${absent}`, { timeout: 300_000 }, () => {
  it.skipIf(absent)('runs the pods of a Deployment', async () => {
    await plane.kubectl(['create', 'deployment', 'web', '--image=example.invalid/web:1', '--replicas=3']);
    await plane.kubectl(['rollout', 'status', 'deployment/web', '--timeout=240s']);
  });

  it.skipIf(absent)('keeps what it stored when the apiserver is killed, and answers at the same address', async () => {
    const before = plane.pids;
    await plane.killApiServer();
    await expect(plane.request('GET', '/readyz')).rejects.toThrow(/ECONNREFUSED/);
    await plane.startApiServer();
    expect(plane.pids['kube-apiserver']).not.toBe(before['kube-apiserver']);
    expect(plane.pids.etcd).toBe(before.etcd);
    expect(await plane.kubectl(['get', 'deployment', 'web', '-o', 'name'])).toBe('deployment.apps/web\n');
  });

  it.skipIf(absent)('holds a service account to its permissions', async () => {
    await plane.kubectl(['create', 'serviceaccount', 'reader']);
    const reader = await plane.kubeconfigOf('default', 'reader');
    const read = ['get', 'deployments'];
    expect(await plane.tryKubectl(read, undefined, reader)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching('forbidden'),
    });
    await plane.kubectl(['create', 'role', 'reads', '--verb=list', '--resource=deployments']);
    await plane.kubectl(['create', 'rolebinding', 'reads', '--role=reads', '--serviceaccount=default:reader']);
    await expect.poll(async () => (await plane.tryKubectl(read, undefined, reader)).code, { timeout: 60_000 }).toBe(0);
  });

  it.skipIf(absent)('says what kubectl said when it fails', async () => {
    await expect(plane.kubectl(['get', 'pod', 'nobody'])).rejects.toThrow(/kubectl get pod nobody: .*NotFound/);
  });

  it.skipIf(absent)('leaves no process and no file', async () => {
    const other = await startControlPlane({ without: ['kube-controller-manager', 'kube-scheduler', 'kwok'] });
    const pids = Object.values(other.pids);
    expect(pids).toHaveLength(2);
    await other.stop();
    expect(existsSync(other.folder)).toBe(false);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
