import type { Manifest } from './overlays.ts';

export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly serviceAccountName?: string; readonly containers: readonly { readonly name: string }[] };
}

interface WithTemplate {
  readonly template?: PodTemplate;
  readonly jobTemplate?: { readonly spec: { readonly template: PodTemplate } };
}

/** The pods that a Deployment, StatefulSet, DaemonSet, Job or CronJob makes; none of anything else. */
export function podTemplatesOf({
  kind,
  metadata,
  spec,
}: Manifest): readonly { owner: string; namespace: string; pod: PodTemplate }[] {
  if (!/^(Deployment|StatefulSet|DaemonSet|Job|CronJob)$/.test(kind)) return [];
  const { template, jobTemplate } = spec as WithTemplate;
  const pod = template ?? jobTemplate?.spec.template;
  if (pod === undefined) throw new Error(`${kind} ${metadata.name} has no template of a pod`);
  return [{ owner: `${kind} ${metadata.name}`, namespace: metadata.namespace ?? 'default', pod }];
}
