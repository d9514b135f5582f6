/**
 * What each ServiceAccount may do in the end, as the apiserver answers it, compared with a committed list
 * (`vitest run test/kubernetes/rbac -u` writes the lists anew; read the difference before you commit it).
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { OVERLAYS, renderOverlay, textOf, type Manifest } from './overlays.ts';

const { absent } = findBinaries();
const MINUTES_5 = 300_000;
const RBAC = /^(Namespace|ServiceAccount|Role|RoleBinding|ClusterRole|ClusterRoleBinding)$/;
const rbacOf = (overlay: string): readonly Manifest[] => renderOverlay(overlay).filter(({ kind }) => RBAC.test(kind));
const production = absent ? [] : rbacOf('production');
const accounts = production
  .filter(({ kind }) => kind === 'ServiceAccount')
  .map(({ metadata: { name, namespace } }) => [name, namespace ?? 'default'] as const);
const bindings = production.filter(({ kind }) => kind.endsWith('Binding'));

let plane: ControlPlane;
beforeAll(async () => {
  if (absent) return;
  plane = await startControlPlane({ without: ['kube-scheduler', 'kwok'] });
  await plane.kubectl(['apply', '--server-side', '-f', '-'], textOf(production));
}, MINUTES_5);
afterAll(() => plane?.stop());

/** The table of `auth can-i --list`, its lines in order: who answers it does not promise any. */
async function mayDo(namespace: string, account: string, where: string): Promise<string> {
  const as = await plane.kubeconfigOf(namespace, account);
  const { code, stdout, stderr } = await plane.tryKubectl(['auth', 'can-i', '--list', '-n', where], undefined, as);
  expect([stderr, code]).toEqual(['', 0]);
  const [head, ...lines] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
  return [head, ...lines.sort()].join('\n');
}

describe(`permissions ${absent}`, { timeout: MINUTES_5 }, () => {
  it.skipIf(absent)('are asked of every service account', () => {
    expect(accounts.map(([name]) => name)).toEqual(
      expect.arrayContaining(['serving', 'ingest', 'experiments', 'controller']),
    );
  });

  it.skipIf(absent).each(accounts)('of %s are those that were reviewed', async (account, namespace) => {
    const own = await mayDo(namespace, account, namespace);
    const elsewhere = await mayDo(namespace, account, 'kube-system');
    await expect(`In ${namespace}:\n${own}\n\nIn kube-system:\n${elsewhere}\n`).toMatchFileSnapshot(
      join(import.meta.dirname, 'rbac', `${account}.txt`),
    );
  });

  it.skipIf(absent)('have no wildcard and no secrets', async () => {
    for (const [account, namespace] of accounts) {
      const own = await mayDo(namespace, account, namespace);
      expect(own).not.toMatch(/\[\*\]|^\*\.\*|^secrets /m);
    }
  });

  it.skipIf(absent)('belong to accounts that exist', () => {
    const known = accounts.map(([name, namespace]) => `${namespace}/${name}`);
    const bound = bindings.flatMap(
      (binding) => (binding as unknown as { subjects: { name: string; namespace: string }[] }).subjects,
    );
    for (const { name, namespace } of bound) expect(known).toContain(`${namespace}/${name}`);
  });

  it.skipIf(absent).each(OVERLAYS)('are the same in overlay %s', (overlay) => {
    const byName = new Map(rbacOf(overlay).map((each) => [`${each.kind}/${each.metadata.name}`, each]));
    for (const each of production.filter(({ kind }) => /Role|Binding/.test(kind))) {
      const name = `${each.kind}/${each.metadata.name}`;
      const { metadata: _, ...ours } = each;
      const { metadata: __, ...theirs } = byName.get(name) ?? each;
      expect([name, theirs]).toEqual([name, ours]);
    }
    const granting = [...byName.keys()].filter((name) => /Role|Binding/.test(name));
    expect(granting.sort()).toEqual(
      production
        .filter(({ kind }) => /Role|Binding/.test(kind))
        .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
        .sort(),
    );
  });
});
