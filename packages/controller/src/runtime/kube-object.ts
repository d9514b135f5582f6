import type { Condition } from '@shortlist/core/contracts/resource-status.ts';

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Grows with every change of the spec. */
  readonly generation?: number;
  readonly creationTimestamp?: string;
  /** It is being deleted, and waits for its finalizers. */
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** What every object of the Kubernetes API has. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** One of ours: a spec, and a status with conditions. */
export interface KubeResource<Spec = unknown, Status extends StatusOfOurs = StatusOfOurs> extends KubeObject {
  readonly spec: Spec;
  readonly status?: Status;
}

export interface StatusOfOurs {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

/** Which collection of the API. */
export interface ResourceType {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

export const apiVersionOf = ({ group, version }: ResourceType): string =>
  group === '' ? version : `${group}/${version}`;

/** Path of a namespaced collection, of one object in it, or of its subresource. */
export function pathOf(
  { group, version, plural }: ResourceType,
  { namespace, name, subresource }: { namespace: string; name?: string; subresource?: string },
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const parts = [root, 'namespaces', encodeURIComponent(namespace), plural];
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join('/');
}
