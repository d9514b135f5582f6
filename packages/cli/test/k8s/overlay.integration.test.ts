import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOverlay } from '../../src/k8s/overlay.ts';

/** The real kubectl; it needs no cluster for this. */
const absent = spawnSync('kubectl', ['version', '--client']).status === 0 ? '' : 'skipped: no kubectl on PATH';

let repository: string;

beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'shortlist-overlays-'));
  await mkdir(join(repository, 'deploy/overlays/dev'), { recursive: true });
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shortlist' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'controller' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'controller' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'controller' },
      subjects: [{ kind: 'ServiceAccount', name: 'controller', namespace: 'shortlist' }],
    },
    { apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor', metadata: { name: 'serving' }, spec: {} },
  ];
  const file = join(repository, 'deploy/overlays/dev');
  await writeFile(join(file, 'objects.yaml'), objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  await writeFile(
    join(file, 'kustomization.yaml'),
    JSON.stringify({ namespace: 'shortlist', resources: ['objects.yaml'] }),
  );
});
afterAll(() => rm(repository, { recursive: true }));

describe(`an overlay ${absent}`, () => {
  it.skipIf(absent)('is read by name and by folder', async () => {
    const byName = await readOverlay(repository, 'dev');
    expect(byName.map(({ kind }) => kind).sort()).toEqual([
      'Namespace',
      'RoleBinding',
      'ServiceAccount',
      'ServiceMonitor',
    ]);
    expect(await readOverlay('/nowhere', join(repository, 'deploy/overlays/dev'))).toEqual(byName);
  });

  it.skipIf(absent)('moves into another namespace whole, bound accounts with it', async () => {
    const moved = await readOverlay(repository, 'dev', { namespace: 'other' });
    expect(JSON.stringify(moved)).not.toContain('"shortlist"');
    expect(moved.find(({ kind }) => kind === 'RoleBinding')?.subjects).toEqual([
      { kind: 'ServiceAccount', name: 'controller', namespace: 'other' },
    ]);
  });

  it.skipIf(absent)('leaves out what a cluster does not know', async () => {
    const objects = await readOverlay(repository, 'dev', { without: ['monitoring.coreos.com'] });
    expect(objects.map(({ kind }) => kind)).not.toContain('ServiceMonitor');
    expect(objects).toHaveLength(3);
  });

  it.skipIf(absent)('that kustomize refuses is refused with its reason', async () => {
    const folder = join(repository, 'deploy/overlays/broken');
    await mkdir(folder);
    await writeFile(join(folder, 'kustomization.yaml'), 'resources: [nothing.yaml]\n');
    await expect(readOverlay(repository, 'broken')).rejects.toMatchObject({ code: 'kubectl_failed' });
    await expect(readOverlay(repository, 'moon')).rejects.toThrow('There is no overlay moon. Known: broken, dev');
  });
});
