import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { KubernetesApi, type ClusterChoice } from './api.ts';
import { changeOf, changesOf, diffReport, type Change } from './diff-report.ts';
import { kubectl } from './kubectl.ts';
import { groupOf, writeManifests, type Manifest } from './manifest.ts';
import { FIELD_MANAGER, NAMESPACE } from './names.ts';
import type { Job } from './objects.ts';
import { readOverlay, type OverlayOptions } from './overlay.ts';

export interface ApplyOptions extends OverlayOptions, ClusterChoice {
  /** Take fields that another manager has set. */
  readonly forceConflicts?: boolean;
}

/** What applying would change. Changes nothing: the server runs it dry. */
export interface Difference {
  readonly changes: readonly Change[];
  readonly objects: readonly Manifest[];
  /** Nothing of it is there yet. */
  readonly first: boolean;
}

/** Prints what would change; the exit code: 0 nothing, 1 something. @throws the errors of `differenceOf` */
export async function diff(
  repository: string,
  overlay: string,
  options: ApplyOptions & { json?: boolean; full?: boolean },
): Promise<0 | 1> {
  const { changes, objects, first } = await differenceOf(await readOverlay(repository, overlay, options), options);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ objects: objects.length, first, changes }, null, 2)}\n`);
  } else {
    process.stdout.write(diffReport(changes, { full: options.full === true, total: objects.length }));
  }
  return changes.length === 0 ? 0 : 1;
}

/** @throws `kubernetes_unreachable`, `kubernetes_kinds_missing`, `kubectl_failed`, `kubectl_missing` */
export async function differenceOf(objects: readonly Manifest[], options: ApplyOptions): Promise<Difference> {
  const api = await KubernetesApi.open(options);
  await requireKinds(api, objects);
  const namespace = await api.get(`/api/v1/namespaces/${namespaceOf(objects)}`);
  if (namespace.state === 'unknown')
    throw new ShortlistError('kubernetes_unreachable', { server: api.server, reason: namespace.reason, hint: 'Is it the right context?' });
  // The server runs nothing dry in a namespace that is not there.
  if (namespace.state === 'absent')
    return { changes: objects.map((object) => changeOf(object, 'created')), objects, first: true };
  const jobs = objects.filter(({ kind }) => kind === 'Job');
  const others = objects.filter(({ kind }) => kind !== 'Job');
  const args = ['diff', '--server-side', `--field-manager=${FIELD_MANAGER}`, '--filename=-'];
  const { stdout } = await kubectl(options.forceConflicts === true ? [...args, '--force-conflicts'] : args, {
    ...options,
    // kubectl takes this one as that of objects without one; all have theirs.
    namespace: namespaceOf(objects),
    input: writeManifests(others),
    codes: [0, 1],
  });
  return { changes: [...changesOf(stdout, others), ...(await changedJobs(api, jobs))], objects, first: false };
}

export const namespaceOf = (objects: readonly Manifest[]): string =>
  objects.find(({ kind }) => kind === 'Namespace')?.metadata.name ??
  objects.find(({ metadata }) => metadata.namespace !== undefined)?.metadata.namespace ??
  NAMESPACE;

/** A Job cannot be changed: one with other images is deleted, and made again. */
async function changedJobs(api: KubernetesApi, jobs: readonly Manifest[]): Promise<Change[]> {
  const changes: Change[] = [];
  for (const job of jobs) {
    const { name, namespace = NAMESPACE } = job.metadata;
    const live = await api.get<Job>(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
    if (live.state === 'unknown') throw new ShortlistError('kubectl_failed', { verb: `get job ${name}`, reason: live.reason });
    const wanted = imagesOf(job as unknown as Job);
    const found = live.state === 'found' ? imagesOf(live.value) : undefined;
    if (wanted === found) continue;
    changes.push(
      changeOf(job, found === undefined ? 'created' : 'replaced', found === undefined ? [] : [`-image: ${found}`, `+image: ${wanted}`]),
    );
  }
  return changes;
}

const imagesOf = ({ spec }: Job): string => spec.template.spec.containers.map(({ image }) => image ?? '').join(', ');

/** Kinds that the cluster does not know and that do not come with these objects themselves. */
async function requireKinds(api: KubernetesApi, objects: readonly Manifest[]): Promise<void> {
  const brought = new Set(
    objects
      .filter(({ kind }) => kind === 'CustomResourceDefinition')
      .map(({ spec }) => {
        const { group, names } = spec as { group: string; names: { kind: string } };
        return `${group} ${names.kind}`;
      }),
  );
  const missing = new Map<string, string>();
  const known = new Map<string, ReadonlySet<string>>();
  for (const object of objects) {
    const { apiVersion, kind } = object;
    const group = groupOf(object);
    if (brought.has(`${group} ${kind}`)) continue;
    let kinds = known.get(apiVersion);
    if (kinds === undefined) {
      const look = await api.get<{ resources: { kind: string }[] }>(`/${group === '' ? 'api' : 'apis'}/${apiVersion}`);
      if (look.state === 'unknown')
        throw new ShortlistError('kubernetes_unreachable', { server: api.server, reason: look.reason, hint: 'Is it the right context?' });
      kinds = new Set(look.state === 'found' ? look.value.resources.map((resource) => resource.kind) : []);
      known.set(apiVersion, kinds);
    }
    if (!kinds.has(kind)) missing.set(`${kind} (${apiVersion})`, group);
  }
  if (missing.size > 0)
    throw new ShortlistError('kubernetes_kinds_missing', {
      kinds: [...missing.keys()].join(', '),
      groups: [...new Set(missing.values())].join(' '),
    });
}
