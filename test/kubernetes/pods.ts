import type { KubeObject } from './kustomize.ts';

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
  }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly { readonly name: string; readonly emptyDir?: object; readonly configMap?: object }[];
}

/** The pods that an object makes. */
export interface PodTemplate {
  readonly owner: KubeObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

interface WithTemplate {
  readonly template?: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: PodSpec };
  readonly jobTemplate?: { readonly spec: WithTemplate };
}

/** Templates of all pods, one for each Deployment, StatefulSet, Job and CronJob. */
export function podTemplates(objects: readonly KubeObject[]): readonly PodTemplate[] {
  return objects
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job', 'CronJob'].includes(kind))
    .map((owner) => {
      const spec = owner.spec as WithTemplate;
      const template = (spec.template ?? spec.jobTemplate?.spec.template)!;
      return { owner, labels: template.metadata.labels, spec: template.spec };
    });
}

/** All containers of a pod, those that run before it included. */
export const containersOf = ({ spec }: PodTemplate): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** The variables of a container; those that come from a Secret are there with an empty value. */
export function variablesOf(container: Container, objects: readonly KubeObject[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const { configMapRef } of container.envFrom ?? []) {
    const found = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef.name);
    if (found === undefined) throw new Error(`${container.name}: there is no ConfigMap ${configMapRef.name}`);
    for (const [name, value] of Object.entries(found.data ?? {})) variables.set(name, value);
  }
  for (const { name, value = '' } of container.env ?? []) variables.set(name, value);
  return variables;
}
