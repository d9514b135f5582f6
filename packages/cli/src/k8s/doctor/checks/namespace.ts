import { listOf, type Installation } from '../installation.ts';
import type { NetworkPolicy } from '../../objects.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, problem, unknown } = findingsOf('namespace');

const ENFORCE = 'pod-security.kubernetes.io/enforce';

/** Does the namespace refuse privileged pods, and is the network closed but for what is opened? */
export function checkNamespace({ namespace, namespaceObject, networkPolicies }: Installation): Row[] {
  return [security(namespace, namespaceObject), network(networkPolicies)];
}

function security(namespace: string, look: Installation['namespaceObject']): Row {
  const subject = `namespace/${namespace}`;
  if (look.state === 'unknown') return unknown(subject, look.reason);
  if (look.state === 'absent')
    return problem(subject, 'is not there: nothing is installed', {
      remedy: 'shortlist k8s deploy <overlay>; docs/kubernetes.md',
    });
  const level = look.value.metadata.labels?.[ENFORCE];
  if (level === 'restricted') return ok(subject, 'admits only pods of the restricted standard');
  return problem(subject, `enforces ${level ?? 'nothing'}, not the restricted standard for pods`, {
    remedy: `kubectl label namespace ${namespace} ${ENFORCE}=restricted`,
  });
}

function network(look: Installation['networkPolicies']): Row {
  const subject = 'networkpolicies';
  if (look.state === 'unknown') return unknown(subject, look.reason);
  const policies = listOf(look);
  const remedy = { remedy: 'apply the overlay again: shortlist k8s diff' };
  if (policies.length === 0)
    return problem(subject, 'there is none: every pod of the cluster reaches the admin ports', remedy);
  const denied = new Set(policies.filter(everyPod).flatMap((policy) => deniedBy(policy)));
  const open = ['Ingress', 'Egress'].filter((type) => !denied.has(type));
  if (open.length > 0) return warning(subject, `${open.join(' and ')} of pods is not denied by default`, remedy);
  // Whether the network plugin enforces policies is nothing that the API server knows.
  return ok(subject, `${policies.length}, with both directions denied by default`);
}

const everyPod = ({ spec: { podSelector = {} } }: NetworkPolicy): boolean =>
  Object.keys(podSelector.matchLabels ?? {}).length === 0 && (podSelector.matchExpressions?.length ?? 0) === 0;

/** A policy that names a direction and lets nothing in or out of it. */
function deniedBy({ spec: { policyTypes = [], ingress = [], egress = [] } }: NetworkPolicy): string[] {
  return policyTypes.filter((type) => (type === 'Ingress' ? ingress.length === 0 : egress.length === 0));
}
