import { conditionOf, type Deployment, type Pod } from '../../objects.ts';
import { COMPONENT_LABEL, COMPONENTS, SERVING } from '../../names.ts';
import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, problem, unknown } = findingsOf('workloads');

const ABSENT: Readonly<Record<string, string>> = {
  serving: 'runbooks/pods-absent.md',
  ingest: 'runbooks/ingest-absent.md',
  experiments: 'runbooks/experiments-absent.md',
  controller: 'kubernetes.md#the-controller-is-gone',
};

/** Does every component run, in the version that was last asked for? */
export function checkWorkloads({ deployments, pods }: Installation): Row[] {
  if (deployments.state === 'unknown') return [unknown('deployments', deployments.reason)];
  return COMPONENTS.flatMap((component) => {
    const deployment = listOf(deployments).find(({ metadata }) => metadata.name === component);
    const page = ABSENT[component]!;
    if (deployment === undefined)
      return [
        problem(`deployment/${component}`, 'is not there', { remedy: 'apply the overlay: shortlist k8s diff', page }),
      ];
    const mine = listOf(pods).filter(({ metadata }) => metadata.labels?.[COMPONENT_LABEL] === component);
    return [ofDeployment(deployment, page), ...mine.flatMap(ofPod)];
  });
}

function ofDeployment(deployment: Deployment, page: string): Row {
  const { metadata, spec, status = {} } = deployment;
  const subject = `deployment/${metadata.name}`;
  const describe = `kubectl describe deployment ${metadata.name}`;
  const wanted = spec.replicas ?? 1;
  const { availableReplicas = 0, updatedReplicas = 0, observedGeneration = 0 } = status;
  const progressing = conditionOf(deployment, 'Progressing');
  if (wanted === 0)
    return problem(subject, 'is scaled to 0', {
      remedy: `kubectl scale deployment/${metadata.name} --replicas=${metadata.name === SERVING ? 5 : 1}`,
      page,
    });
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return problem(subject, `its roll-out is stuck: ${progressing.message}`, {
      remedy: `look at the rows of its pods; back: kubectl rollout undo deployment/${metadata.name}`,
      page: 'kubernetes.md#a-roll-out-is-stuck',
    });
  if (observedGeneration < (metadata.generation ?? 0))
    return unknown(subject, 'the controller manager has not seen its last change yet', {
      remedy: `wait, then ${describe}`,
    });
  if (conditionOf(deployment, 'Available')?.status !== 'True')
    return problem(subject, `is not available: ${availableReplicas} of ${wanted} pods`, { remedy: describe, page });
  if (updatedReplicas < wanted)
    return warning(subject, `is rolled out: ${updatedReplicas} of ${wanted} pods are new`, {
      remedy: `kubectl rollout status deployment/${metadata.name}`,
    });
  if (availableReplicas < wanted)
    return warning(subject, `${availableReplicas} of ${wanted} pods are available`, { remedy: describe, page });
  return ok(subject, `${availableReplicas} pods are available`);
}

/** What a container waits for, and what mends it. */
const WAITING: Readonly<Record<string, string>> = {
  CrashLoopBackOff: 'the last line of its log has a code: kubectl logs --previous',
  ImagePullBackOff: 'is the tag pushed, and the pull secret there? kubectl describe pod',
  ErrImagePull: 'is the tag pushed, and the pull secret there? kubectl describe pod',
  InvalidImageName: 'mend the image of the overlay: shortlist k8s render',
  CreateContainerConfigError: 'a Secret or ConfigMap is missing: see the rows of references',
};

function ofPod({ metadata, status = {} }: Pod): Row[] {
  const subject = `pod/${metadata.name}`;
  // A finished pod of an earlier roll-out or an eviction says nothing about now.
  if (metadata.deletionTimestamp !== undefined || status.phase === 'Succeeded' || status.phase === 'Failed') return [];
  const scheduled = conditionOf({ status }, 'PodScheduled');
  if (scheduled?.status === 'False')
    return [
      problem(subject, `finds no node: ${scheduled.message ?? scheduled.reason}`, {
        remedy: 'add nodes, or lower requests: shortlist capacity says how many are needed',
        page: 'runbooks/autoscaler-at-max.md',
      }),
    ];
  return (status.containerStatuses ?? []).flatMap(({ name, state, lastState, restartCount = 0 }) => {
    const waiting = state?.waiting?.reason;
    const remedy = waiting === undefined ? undefined : WAITING[waiting];
    if (remedy !== undefined)
      return [
        problem(subject, `container ${name}: ${waiting}, ${state?.waiting?.message ?? ''}`, {
          remedy,
          page: 'runbooks/process-down.md',
        }),
      ];
    if (lastState?.terminated?.reason === 'OOMKilled')
      return [
        warning(subject, `container ${name} ran out of memory, ${restartCount} restarts`, {
          remedy: 'raise its memory limit: shortlist capacity says what a release takes',
          page: 'runbooks/heap-near-limit.md',
        }),
      ];
    return [];
  });
}
