import { conditionOf, type Deployment, type HorizontalPodAutoscaler, type ScaledObject } from '../../objects.ts';
import { SERVING } from '../../names.ts';
import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, problem, unknown } = findingsOf('autoscaler');

/** Is serving scaled, by exactly one autoscaler, and has that one room left? */
export function checkAutoscaler({ autoscalers, scaledObjects, deployments }: Installation): Row[] {
  if (autoscalers.state === 'unknown') return [unknown('hpa', autoscalers.reason)];
  const mine = listOf(autoscalers).filter(({ spec }) => spec.scaleTargetRef.name === SERVING);
  const scaled = listOf(scaledObjects).filter(({ spec }) => spec.scaleTargetRef.name === SERVING);
  if (mine.length === 0) return [missing(scaled)];
  const serving = listOf(deployments).find(({ metadata }) => metadata.name === SERVING);
  return [...rivals(mine, scaled), ...mine.flatMap(conditions), ...(serving === undefined ? [] : resets(serving))];
}

function missing(scaled: readonly ScaledObject[]): Row {
  const [object] = scaled;
  if (object === undefined)
    return problem(`deployment/${SERVING}`, 'has no autoscaler: the number of pods stays what it is', {
      remedy: 'apply the overlay again: shortlist k8s diff',
      page: 'runbooks/autoscaler-inactive.md',
    });
  return problem(`scaledobject/${object.metadata.name}`, 'KEDA has made no autoscaler of it', {
    remedy: `look at its conditions: kubectl describe scaledobject ${object.metadata.name}`,
    page: 'runbooks/autoscaler-inactive.md',
  });
}

/** Two autoscalers of one target undo each other's work. */
function rivals(mine: readonly HorizontalPodAutoscaler[], scaled: readonly ScaledObject[]): Row[] {
  const plain = mine.filter(
    ({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'ScaledObject') !== true,
  );
  const names = [
    ...mine.map(({ metadata }) => `hpa/${metadata.name}`),
    ...scaled.map(({ metadata }) => `scaledobject/${metadata.name}`),
  ];
  if (mine.length < 2 && !(plain.length > 0 && scaled.length > 0)) return [];
  return [
    problem(`deployment/${SERVING}`, `is scaled by ${names.join(' and ')}, which undo each other's work`, {
      remedy:
        'keep one: the HorizontalPodAutoscaler of the base, or the ScaledObject of the overlay keda; delete the other',
    }),
  ];
}

function conditions(autoscaler: HorizontalPodAutoscaler): Row[] {
  const subject = `hpa/${autoscaler.metadata.name}`;
  const describe = `kubectl describe hpa ${autoscaler.metadata.name}`;
  const [able, active, limited] = ['AbleToScale', 'ScalingActive', 'ScalingLimited'].map((type) =>
    conditionOf(autoscaler, type),
  );
  if (able === undefined && active === undefined)
    return [unknown(subject, 'the controller has not looked at it yet', { remedy: `wait 15 s; else ${describe}` })];
  const rows: Row[] = [];
  if (able?.status === 'False')
    rows.push(
      problem(subject, `cannot scale: ${able.reason}, ${able.message}`, {
        remedy: describe,
        page: 'runbooks/autoscaler-inactive.md',
      }),
    );
  if (active?.status !== 'True')
    rows.push(
      problem(subject, `does not scale: ${active?.reason ?? 'Unknown'}, ${active?.message ?? 'nothing is said'}`, {
        remedy:
          active?.reason === 'ScalingDisabled'
            ? `kubectl scale deployment/${SERVING} --replicas=${autoscaler.spec.minReplicas ?? 1}`
            : describe,
        page: 'runbooks/autoscaler-inactive.md',
      }),
    );
  const { currentReplicas = 0 } = autoscaler.status ?? {};
  const { maxReplicas, minReplicas = 1 } = autoscaler.spec;
  if (currentReplicas >= maxReplicas)
    rows.push(
      warning(
        subject,
        `is at its maximum of ${maxReplicas} pods${limited?.reason === 'TooManyReplicas' ? ' and wants more' : ''}`,
        {
          remedy: 'raise maxReplicas if the traffic is real: shortlist capacity --rps <n>',
          page: 'runbooks/autoscaler-at-max.md',
        },
      ),
    );
  if (rows.length === 0) rows.push(ok(subject, `active, ${currentReplicas} pods of ${minReplicas} to ${maxReplicas}`));
  return rows;
}

/** Who applies a number of replicas sets it back at every deploy. */
function resets({ metadata }: Deployment): Row[] {
  const owners = (metadata.managedFields ?? []).filter(
    ({ operation, subresource, fieldsV1 }) =>
      operation === 'Apply' &&
      subresource !== 'scale' &&
      'f:replicas' in ((fieldsV1?.['f:spec'] as object | undefined) ?? {}),
  );
  return owners.map(({ manager }) =>
    warning(
      `deployment/${metadata.name}`,
      `${manager} applies spec.replicas: each deploy sets the number of pods back`,
      {
        remedy: "take replicas out of what is applied: the number is the autoscaler's",
      },
    ),
  );
}
