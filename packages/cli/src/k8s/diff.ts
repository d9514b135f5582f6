import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { clusterOf, KubernetesApi, type ClusterChoice } from './api.ts';
import { changeOf, changesOf, diffReport, type Change } from './diff-report.ts';
import { groupOf, type Manifest } from './manifest.ts';
import { NAMESPACE } from './names.ts';
import { conditionOf, type Job, type PodTemplate } from './objects.ts';
import { tagOf } from './image.ts';
import { readOverlay, type OverlayOptions } from './overlay.ts';
import { serverSide } from './server-side.ts';

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
  const namespace = await read(api, `/api/v1/namespaces/${namespaceOf(objects)}`);
  // The server runs nothing dry in a namespace that is not there.
  if (namespace === undefined)
    return { changes: objects.map((object) => changeOf(object, 'created')), objects, first: true };
  const jobs = objects.filter(({ kind }) => kind === 'Job');
  const others = objects.filter(({ kind }) => kind !== 'Job');
  const force = options.forceConflicts === undefined ? {} : { forceConflicts: options.forceConflicts };
  const { code, stdout } = await serverSide('diff', others, { ...clusterOf(options), ...force, codes: [0, 1] });
  if (code === 1 && !/^diff /m.test(stdout))
    throw new ShortlistError('kubectl_failed', {
      verb: 'diff',
      reason: `what it printed is no output of diff -u -N; unset KUBECTL_EXTERNAL_DIFF: ${stdout.slice(0, 200)}`,
    });
  return { changes: [...changesOf(stdout, others), ...(await changedJobs(api, jobs))], objects, first: false };
}

export const namespaceOf = (objects: readonly Manifest[]): string =>
  objects.find(({ kind }) => kind === 'Namespace')?.metadata.name ??
  objects.find(({ metadata }) => metadata.namespace !== undefined)?.metadata.namespace ??
  NAMESPACE;

/** A Job cannot be changed: one with other images, or that has failed, is deleted and made again. */
async function changedJobs(api: KubernetesApi, jobs: readonly Manifest[]): Promise<Change[]> {
  const changes: Change[] = [];
  for (const job of jobs) {
    const { name, namespace = NAMESPACE } = job.metadata;
    const wanted = imagesOf(job as unknown as Templated);
    const live = await read<Job>(api, `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
    if (live === undefined) {
      if (!(await hasRun(api, namespace, wanted))) changes.push(changeOf(job, 'created'));
    } else if (imagesOf(live).join() !== wanted.join() || conditionOf(live, 'Failed')?.status === 'True') {
      changes.push(
        changeOf(job, 'replaced', [
          ...imagesOf(live).map((image) => `-image: ${image}`),
          ...wanted.map((image) => `+image: ${image}`),
        ]),
      );
    }
  }
  return changes;
}

interface Templated {
  readonly spec: { readonly template: PodTemplate };
}

/** A finished Job removes itself. It came before the pods: where they have its version, it has run. */
async function hasRun(api: KubernetesApi, namespace: string, images: readonly string[]): Promise<boolean> {
  const pods = await read<Templated>(api, `/apis/apps/v1/namespaces/${namespace}/deployments/${AFTER_MIGRATIONS}`);
  const tags = new Set([...images, ...(pods === undefined ? [''] : imagesOf(pods))].map(tagOf));
  return tags.size === 1 && !tags.has(undefined);
}

/** A Deployment that never starts without the migrations of its version. */
const AFTER_MIGRATIONS = 'ingest';

const imagesOf = ({ spec }: Templated): string[] => spec.template.spec.containers.map(({ image }) => image ?? '');

/** An object, undefined when there is none. @throws `kubernetes_unreachable` */
async function read<T>(api: KubernetesApi, path: string): Promise<T | undefined> {
  const look = await api.get<T>(path);
  if (look.state === 'unknown')
    throw new ShortlistError('kubernetes_unreachable', {
      server: api.server,
      reason: look.reason,
      hint: 'Is it the right context?',
    });
  return look.state === 'found' ? look.value : undefined;
}

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
      const path = `/${group === '' ? 'api' : 'apis'}/${apiVersion}`;
      const resources = (await read<{ resources: { kind: string }[] }>(api, path))?.resources ?? [];
      kinds = new Set(resources.map((resource) => resource.kind));
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
