/**
 * The fields of Kubernetes objects that are read here, as the API server writes them: times are ISO 8601 text, what is
 * empty is absent.
 */
interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  readonly managedFields?: readonly {
    readonly manager: string;
    readonly operation: string;
    readonly subresource?: string;
    readonly fieldsV1?: Readonly<Record<string, unknown>>;
  }[];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly unknown[];
}

interface Source {
  readonly name?: string;
  readonly optional?: boolean;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly env?: readonly {
    readonly valueFrom?: { readonly secretKeyRef?: Source; readonly configMapKeyRef?: Source };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: Source; readonly configMapRef?: Source }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
  readonly volumes?: readonly {
    readonly secret?: { readonly secretName?: string; readonly optional?: boolean };
    readonly configMap?: Source;
    readonly projected?: { readonly sources?: readonly { readonly secret?: Source; readonly configMap?: Source }[] };
  }[];
}

export interface PodTemplate {
  readonly metadata?: Partial<Metadata>;
  readonly spec: PodSpec;
}

export interface Deployment {
  readonly metadata: Metadata;
  readonly spec: { readonly replicas?: number; readonly selector: Selector; readonly template: PodTemplate };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly unavailableReplicas?: number;
    readonly conditions?: readonly Condition[];
  };
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
}

export interface Pod {
  readonly metadata: Metadata;
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly restartCount?: number;
      readonly state?: ContainerState;
      readonly lastState?: ContainerState;
    }[];
  };
}

export interface MetricSpec {
  readonly type: string;
  readonly external?: { readonly metric: { readonly name: string; readonly selector?: Selector } };
  readonly pods?: { readonly metric: { readonly name: string } };
}

export interface MetricStatus {
  readonly type: string;
  readonly containerResource?: { readonly name: string; readonly current: MetricValue };
  readonly resource?: { readonly name: string; readonly current: MetricValue };
  readonly external?: { readonly metric: { readonly name: string }; readonly current: MetricValue };
  readonly pods?: { readonly metric: { readonly name: string }; readonly current: MetricValue };
}

interface MetricValue {
  readonly averageUtilization?: number;
  readonly averageValue?: string;
  readonly value?: string;
}

export interface HorizontalPodAutoscaler {
  readonly metadata: Metadata;
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly metrics?: readonly MetricSpec[];
    readonly behavior?: {
      readonly scaleUp?: { readonly tolerance?: string };
      readonly scaleDown?: { readonly tolerance?: string };
    };
  };
  readonly status?: {
    readonly currentReplicas?: number;
    readonly desiredReplicas?: number;
    readonly currentMetrics?: readonly MetricStatus[] | null;
    readonly conditions?: readonly Condition[];
  };
}

/** Of KEDA. */
export interface ScaledObject {
  readonly metadata: Metadata;
  readonly spec: { readonly scaleTargetRef: { readonly name: string; readonly kind?: string } };
}

export interface ApiService {
  readonly metadata: Metadata;
  readonly spec: {
    readonly group?: string;
    readonly service?: { readonly name?: string; readonly namespace?: string };
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface CustomResourceDefinition {
  readonly metadata: Metadata;
  readonly spec: {
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly schema?: { readonly openAPIV3Schema?: unknown };
    }[];
  };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly storedVersions?: readonly string[] };
}

export interface Lease {
  readonly metadata: Metadata;
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
  };
}

export interface PodDisruptionBudget {
  readonly metadata: Metadata;
  readonly spec: { readonly selector?: Selector };
  readonly status?: {
    readonly disruptionsAllowed: number;
    readonly currentHealthy: number;
    readonly desiredHealthy: number;
    readonly expectedPods: number;
  };
}

export interface NetworkPolicy {
  readonly metadata: Metadata;
  readonly spec: {
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly unknown[];
    readonly egress?: readonly unknown[];
  };
}

export interface Job {
  readonly metadata: Metadata;
  readonly spec: { readonly template: PodTemplate };
  readonly status?: { readonly active?: number; readonly failed?: number; readonly conditions?: readonly Condition[] };
}

export interface CronJob {
  readonly metadata: Metadata;
  readonly spec: {
    readonly suspend?: boolean;
    readonly jobTemplate: { readonly spec: { readonly template: PodTemplate } };
  };
}

/** An Experiment or a ModelRelease: only what all of them have. */
export interface ConditionedResource {
  readonly metadata: Metadata;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: { readonly conditions?: readonly Condition[] } & Readonly<Record<string, unknown>>;
}

export interface NamedObject {
  readonly metadata: Metadata;
}

export const conditionOf = (object: { status?: { conditions?: readonly Condition[] } }, type: string) =>
  object.status?.conditions?.find((condition) => condition.type === type);

/** Whether a selector of labels takes these; expressions are not understood, and then it is not said. */
export function selects(selector: Selector | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined || (selector.matchExpressions?.length ?? 0) > 0) return false;
  return Object.entries(selector.matchLabels ?? {}).every(([name, value]) => labels[name] === value);
}
