import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { clusterOf, KubernetesApi } from './api.ts';
import { differenceOf, namespaceOf, type ApplyOptions, type Difference } from './diff.ts';
import { diffReport } from './diff-report.ts';
import { exitCodeOf } from './doctor/row.ts';
import { lookOnce, printLook, type DoctorOptions } from './doctor/run-doctor.ts';
import { conditionOf, type Job } from './objects.ts';
import { kubectl } from './kubectl.ts';
import { nameOf, type Manifest } from './manifest.ts';
import { readOverlay } from './overlay.ts';
import { pass, say } from './progress.ts';
import { serverSide } from './server-side.ts';

export interface DeployOptions extends ApplyOptions {
  /** How long the migrations, and then each Deployment, may take. */
  readonly timeoutS: number;
  /** How long what is wrong afterwards may take to come right. */
  readonly settleS: number;
  readonly full?: boolean;
}

type InNamespace = DeployOptions & { readonly namespace: string };

const JOB_POLL_MS = 1_000;
const LOOK_EVERY_MS = 5_000;

/** What runs only when what it needs is there, in three steps: everything else, jobs, what serves. */
const SERVING_KINDS: ReadonlySet<string> = new Set([
  'Deployment',
  'CronJob',
  'HorizontalPodAutoscaler',
  'ScaledObject',
]);
const DEFINITION_KINDS: ReadonlySet<string> = new Set(['Namespace', 'CustomResourceDefinition']);

/** Which objects are applied when. Stores of the dev overlay are StatefulSets, and so come before the migrations. */
export function stagesOf(
  objects: readonly Manifest[],
): Record<'definitions' | 'base' | 'jobs' | 'serving', Manifest[]> {
  const stages = { definitions: [], base: [], jobs: [], serving: [] } as Record<
    'definitions' | 'base' | 'jobs' | 'serving',
    Manifest[]
  >;
  for (const object of objects) {
    if (DEFINITION_KINDS.has(object.kind)) stages.definitions.push(object);
    else if (object.kind === 'Job') stages.jobs.push(object);
    else if (SERVING_KINDS.has(object.kind)) stages.serving.push(object);
    else stages.base.push(object);
  }
  return stages;
}

/**
 * Brings an overlay to the cluster that `--context` names: definitions, what pods need, migrations, pods; waits for
 * each, then looks at the result as `doctor` does. Without `--context` it says what it would do: a cluster is changed
 * only by its name. Exit code 1: the doctor found problems afterwards. @throws `deploy_failed`, and the errors of `differenceOf`
 */
export async function deploy(repository: string, overlay: string, options: DeployOptions): Promise<number> {
  const objects = await readOverlay(repository, overlay, options);
  const difference = await differenceOf(objects, options);
  const { context, server } = await KubernetesApi.open(options);
  const namespace = namespaceOf(objects);
  say(`${overlay} -> namespace ${namespace} of ${server}${context === undefined ? '' : ` (context ${context})`}`);
  pass(diffReport(difference.changes, { full: options.full === true, total: objects.length }));
  if (options.context === undefined) {
    say(
      `Nothing was changed. To do it, name the cluster: --context ${context ?? '<name>'} (make deploy CONTEXT=${context ?? '<name>'})`,
    );
    return 0;
  }
  await apply(difference, { ...options, namespace });
  return lookAfterwards(repository, { ...options, namespace });
}

/**
 * Looks until nothing is wrong, `settleS` at most: an autoscaler's first look takes its time, and metrics come after pods.
 * What could not be looked at is said, and is no reason to call what was done a failure.
 */
export async function lookAfterwards(repository: string, options: DoctorOptions & { settleS: number }): Promise<0 | 1> {
  say('Looking at the result');
  for (const deadline = Date.now() + options.settleS * 1000; ; await sleep(LOOK_EVERY_MS)) {
    const look = await lookOnce(repository, options);
    const code = exitCodeOf(look.rows);
    if (code === 1 && Date.now() < deadline) continue;
    printLook(look, options);
    return code === 1 ? 1 : 0;
  }
}

async function apply({ objects, changes }: Difference, options: InNamespace): Promise<void> {
  const stages = stagesOf(objects);
  await applyObjects('Namespace and definitions', stages.definitions, options);
  const definitions = stages.definitions.filter(({ kind }) => kind === 'CustomResourceDefinition');
  if (definitions.length > 0)
    await kubectl(
      [
        'wait',
        '--for=condition=Established',
        `--timeout=60s`,
        ...definitions.map(({ metadata }) => `crd/${metadata.name}`),
      ],
      clusterOf(options),
    );
  await applyObjects('Configuration, accounts, network, stores', stages.base, options);
  const changed = new Set(changes.map(({ object }) => object));
  for (const job of stages.jobs) {
    if (changed.has(nameOf(job))) await startJob(job, options);
    await waitForJob(job.metadata.name, options);
  }
  await applyObjects('Deployments, schedules, autoscaler', stages.serving, options);
  for (const { metadata } of stages.serving.filter(({ kind }) => kind === 'Deployment'))
    await waitForRollout(metadata.name, options);
}

async function applyObjects(what: string, objects: readonly Manifest[], options: ApplyOptions): Promise<void> {
  if (objects.length === 0) return;
  say(`${what}: ${objects.length} objects`);
  const force = options.forceConflicts === undefined ? {} : { forceConflicts: options.forceConflicts };
  await serverSide('apply', objects, { ...clusterOf(options), ...force });
}

/** Deletes the one of the last deploy, which cannot be changed, and makes this one. */
async function startJob(job: Manifest, options: InNamespace): Promise<void> {
  const { name } = job.metadata;
  const where = { ...clusterOf(options), namespace: options.namespace };
  await kubectl(['delete', 'job', name, '--ignore-not-found', '--wait'], where);
  await applyObjects(`Job ${name}`, [job], options);
}

/** Waits until it is complete; one that has removed itself after its end was. @throws `deploy_failed` */
async function waitForJob(name: string, options: InNamespace): Promise<void> {
  const api = await KubernetesApi.open(options);
  for (const deadline = Date.now() + options.timeoutS * 1000; ; await sleep(JOB_POLL_MS)) {
    const look = await api.get<Job>(`/apis/batch/v1/namespaces/${options.namespace}/jobs/${name}`);
    if (look.state === 'absent') return;
    if (look.state === 'found') {
      if (conditionOf(look.value, 'Complete')?.status === 'True') return;
      const failed = conditionOf(look.value, 'Failed');
      if (failed?.status === 'True') throw jobFailed(name, failed.message ?? failed.reason ?? 'it failed');
    }
    if (Date.now() > deadline) throw jobFailed(name, `it has not ended within ${options.timeoutS} s`);
  }
}

const jobFailed = (name: string, reason: string) =>
  new ShortlistError('deploy_failed', {
    step: `Job ${name}`,
    reason,
    hint: `The pods were not touched. Its log: kubectl logs job/${name}; docs/kubernetes.md#migrations-failed.`,
  });

/** Waits until all pods of a Deployment are new and available. @throws `deploy_failed` with how to go back */
export async function waitForRollout(name: string, options: Omit<InNamespace, 'settleS'>): Promise<void> {
  const where = { ...clusterOf(options), namespace: options.namespace };
  try {
    await kubectl(['rollout', 'status', `deployment/${name}`, `--timeout=${options.timeoutS}s`], {
      ...where,
      show: pass,
    });
  } catch (cause) {
    if (!(cause instanceof ShortlistError) || cause.code !== 'kubectl_failed') throw cause;
    throw new ShortlistError(
      'deploy_failed',
      {
        step: `The roll-out of ${name}`,
        reason: String(cause.details.reason),
        hint: `The old pods serve on. Look: shortlist k8s doctor; back: make rollback DEPLOYMENT=${name}; docs/kubernetes.md#a-roll-out-is-stuck.`,
      },
      { cause },
    );
  }
}
