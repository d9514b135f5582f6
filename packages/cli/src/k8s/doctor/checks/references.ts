import type { PodSpec } from '../../objects.ts';
import { listOf, type Installation, type Listed } from '../installation.ts';
import type { NamedObject } from '../../objects.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, problem, unknown } = findingsOf('references');

type Kind = 'secret' | 'configmap';

/** Do the Secrets and ConfigMaps exist that pods name? Looked up by name; what is in them is never read. */
export function checkReferences(installation: Installation): Row[] {
  const { deployments, jobs, cronJobs, secrets, configMaps } = installation;
  const workloads = [
    ...listOf(deployments).map(({ metadata, spec }) => ({
      by: `deployment/${metadata.name}`,
      pod: spec.template.spec,
    })),
    // A job that has ended needs nothing any more.
    ...listOf(jobs)
      .filter(({ status }) => (status?.active ?? 0) > 0)
      .map(({ metadata, spec }) => ({ by: `job/${metadata.name}`, pod: spec.template.spec })),
    ...listOf(cronJobs).map(({ metadata, spec }) => ({
      by: `cronjob/${metadata.name}`,
      pod: spec.jobTemplate.spec.template.spec,
    })),
  ];
  const users = new Map<string, Set<string>>();
  for (const { by, pod } of workloads) {
    for (const [kind, name] of referencesOf(pod)) {
      const key = `${kind}/${name}`;
      users.set(key, (users.get(key) ?? new Set()).add(by));
    }
  }
  return [...rowsOf('secret', secrets, users), ...rowsOf('configmap', configMaps, users)];
}

function rowsOf(kind: Kind, look: Listed<NamedObject>, users: ReadonlyMap<string, ReadonlySet<string>>): Row[] {
  const named = [...users].filter(([key]) => key.startsWith(`${kind}/`));
  if (named.length === 0) return [];
  if (look.state === 'unknown') return [unknown(`${kind}s`, look.reason)];
  const there = new Set(listOf(look).map(({ metadata }) => `${kind}/${metadata.name}`));
  const missing = named.filter(([key]) => !there.has(key));
  if (missing.length === 0) return [ok(`${kind}s`, `all ${named.length} that pods name are there`)];
  return missing.map(([key, by]) =>
    problem(key, `is named by ${[...by].join(', ')} and is not there`, {
      remedy:
        kind === 'secret'
          ? 'make it: docs/kubernetes.md lists the Secrets and their keys'
          : 'apply the overlay again: shortlist k8s diff',
      page: 'runbooks/pods-absent.md',
    }),
  );
}

/** What a pod cannot start without. */
function referencesOf(pod: PodSpec): [Kind, string][] {
  const found: [Kind, string][] = [];
  const add = (kind: Kind, name: string | undefined, optional?: boolean) => {
    if (name !== undefined && name !== '' && optional !== true) found.push([kind, name]);
  };
  for (const { name } of pod.imagePullSecrets ?? []) add('secret', name);
  for (const { secret, configMap, projected } of pod.volumes ?? []) {
    add('secret', secret?.secretName, secret?.optional);
    add('configmap', configMap?.name, configMap?.optional);
    for (const source of projected?.sources ?? []) {
      add('secret', source.secret?.name, source.secret?.optional);
      add('configmap', source.configMap?.name, source.configMap?.optional);
    }
  }
  for (const { env = [], envFrom = [] } of [...pod.containers, ...(pod.initContainers ?? [])]) {
    for (const { secretRef, configMapRef } of envFrom) {
      add('secret', secretRef?.name, secretRef?.optional);
      add('configmap', configMapRef?.name, configMapRef?.optional);
    }
    for (const { valueFrom } of env) {
      add('secret', valueFrom?.secretKeyRef?.name, valueFrom?.secretKeyRef?.optional);
      add('configmap', valueFrom?.configMapKeyRef?.name, valueFrom?.configMapKeyRef?.optional);
    }
  }
  return found;
}
