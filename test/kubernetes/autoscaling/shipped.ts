import { oneOf, renderOverlay, type Manifest } from '../overlays.ts';

interface Policy {
  readonly type: 'Percent' | 'Pods';
  readonly value: number;
  readonly periodSeconds: number;
}
interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  readonly tolerance: string;
  readonly policies: readonly Policy[];
}
interface MetricTarget {
  readonly averageUtilization?: number;
  readonly averageValue?: string;
  readonly value?: string;
}
/** One entry of an autoscaler's `metrics`; the field of its type is there. */
export interface MetricSpec {
  readonly type: 'ContainerResource' | 'External' | 'Pods';
  readonly containerResource?: { readonly name: string; readonly container: string; readonly target: MetricTarget };
  readonly external?: { readonly metric: { readonly name: string }; readonly target: MetricTarget };
  readonly pods?: { readonly metric: { readonly name: string }; readonly target: MetricTarget };
}
export interface Behavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}
export interface Autoscaler extends Manifest {
  readonly spec: {
    readonly scaleTargetRef: { readonly apiVersion: string; readonly kind: string; readonly name: string };
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly metrics: readonly MetricSpec[];
    readonly behavior: Behavior;
  };
}
export interface Deployment extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
        readonly containers: readonly {
          readonly name: string;
          readonly resources: { readonly requests: Readonly<Record<string, string>> };
        }[];
      };
    };
  };
}

/** What is installed in production and scaled: the objects themselves, not a copy. */
export interface Shipped {
  readonly autoscaler: Autoscaler;
  readonly deployment: Deployment;
  /** Of the cluster; without them no pod is admitted that names one. */
  readonly priorityClasses: readonly Manifest[];
}

export function shippedAutoscaling(): Shipped {
  const manifests = renderOverlay('production');
  const autoscaler = oneOf(manifests, 'HorizontalPodAutoscaler') as Autoscaler;
  const deployment = oneOf(manifests, 'Deployment', autoscaler.spec.scaleTargetRef.name) as Deployment;
  return { autoscaler, deployment, priorityClasses: manifests.filter(({ kind }) => kind === 'PriorityClass') };
}

/** A quantity such as `1`, `750m` or `0.5`, in thousandths. */
export function thousandths(quantity: string): number {
  const found = /^(?<number>\d+(?:\.\d+)?)(?<milli>m?)$/.exec(quantity)?.groups;
  if (found === undefined) throw new Error(`no plain quantity: ${quantity}`);
  return Number(found.number) * (found.milli === 'm' ? 1 : 1000);
}
