import type {
  ApiService,
  ConditionedResource,
  CronJob,
  CustomResourceDefinition,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  Lease,
  NamedObject,
  NetworkPolicy,
  Pod,
  PodDisruptionBudget,
  ScaledObject,
} from '../objects.ts';

/** What the API server answered: an object, that there is none (or no such kind), or why it would not say. */
export type Look<T> =
  | { readonly state: 'found'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly reason: string };

export type Listed<T> = Look<readonly T[]>;

/** The part of a ranking pod's `/status` that is read here. */
export interface PodStatus {
  readonly release?: {
    readonly active?: string | null;
    readonly last_refusal?: { readonly release: string; readonly reason: string; readonly at: string } | null;
  };
  readonly pipeline?: {
    readonly experiments?: { readonly version?: number | null; readonly age_s?: number | null };
  };
}

/** The value of a metric as the autoscaler gets it: of one series, or of one pod, each. */
export interface MetricAnswer {
  readonly api: 'metrics.k8s.io' | 'external.metrics.k8s.io' | 'custom.metrics.k8s.io';
  readonly metric: string;
  /** Kubernetes quantities, such as `62500m`. */
  readonly values: Look<readonly string[]>;
}

/** Everything that the checks look at: objects as the API returned them, at one time. */
export interface Installation {
  readonly namespace: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly version: Look<{ readonly major: string; readonly minor: string; readonly gitVersion: string }>;
  readonly namespaceObject: Look<NamedObject>;
  readonly apiServices: Listed<ApiService>;
  readonly metrics: readonly MetricAnswer[];
  readonly autoscalers: Listed<HorizontalPodAutoscaler>;
  readonly scaledObjects: Listed<ScaledObject>;
  readonly definitions: Listed<CustomResourceDefinition>;
  /** The definitions of this checkout, by name: their OpenAPI schema. Empty where the manifests are not at hand. */
  readonly schemas: ReadonlyMap<string, unknown>;
  readonly deployments: Listed<Deployment>;
  readonly pods: Listed<Pod>;
  /** By name of pod; of serving only. */
  readonly podStatuses: ReadonlyMap<string, Look<PodStatus>>;
  readonly jobs: Listed<Job>;
  readonly cronJobs: Listed<CronJob>;
  readonly leases: Listed<Lease>;
  readonly budgets: Listed<PodDisruptionBudget>;
  readonly networkPolicies: Listed<NetworkPolicy>;
  /** Names only: what is in a Secret is never asked for. */
  readonly secrets: Listed<NamedObject>;
  readonly configMaps: Listed<NamedObject>;
  readonly prometheusRules: Listed<NamedObject>;
  readonly monitors: Listed<NamedObject>;
  readonly experiments: Listed<ConditionedResource>;
  readonly modelReleases: Listed<ConditionedResource>;
}

/** The list, or nothing where there is none; for checks whose other half says that it could not be looked at. */
export const listOf = <T>(look: Listed<T>): readonly T[] => (look.state === 'found' ? look.value : []);
