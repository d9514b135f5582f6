import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { Measurements, MetricsApi } from '../metrics-api/metrics-api.ts';
import { pressureOf } from './pressure.ts';
import {
  thousandths,
  type Autoscaler,
  type Behavior,
  type Deployment,
  type MetricSpec,
  type Shipped,
} from './shipped.ts';

/** What the pods of a fleet go through. What is left out is not measured at all. */
export interface Load {
  /** Of the container's request. */
  readonly cpuPercent?: number;
  readonly p99Ms?: number;
  /** Requests in flight per pod, in shares of the autoscaler's target. */
  readonly inFlightShare?: number;
}

interface Rescale {
  readonly replicas: number;
  /** When the autoscaler wrote it, in seconds since 1970. */
  readonly atS: number;
}

/** The shipped Deployment and autoscaler in a namespace of their own: autoscalers remember by name. */
export interface ScaledFleet {
  readonly namespace: string;
  readonly createdAtS: number;
  load(load: Load): void;
  replicas(): Promise<number>;
  status(): Promise<AutoscalerStatus>;
  /** Every change of size that the autoscaler reported, oldest first. */
  rescales(): Promise<readonly Rescale[]>;
  /** Waits for the first changes of size, as many as are asked for. @throws when there are fewer */
  firstRescales(count: number): Promise<readonly Rescale[]>;
  /** Waits for the first change of size. @throws when there is none */
  firstRescale(): Promise<Rescale>;
  /** Waits until it has this size. @throws when it does not */
  reaches(replicas: number): Promise<void>;
  /** Waits until it has looked so often since now: what it decided of the load set before is done. */
  hasLooked(times?: number): Promise<void>;
}

interface AutoscalerStatus {
  readonly currentReplicas?: number;
  readonly desiredReplicas?: number;
  readonly lastScaleTime?: string;
  readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[];
}

const WITHIN_MS = 400_000;
/** Past the second after which the autoscaler counts a pod's CPU, and what its clock is rounded by. */
const SETTLED_MS = 3_000;

async function until<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + WITHIN_MS; ; await sleep(200)) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${WITHIN_MS / 1000} s`);
  }
}

/** `behavior` with the parts that a case changes, such as a window of 0 s. */
export type BehaviorPatch = { readonly [Direction in keyof Behavior]?: Partial<Behavior[Direction]> };

let fleets = 0;

/** @param load what is measured when the autoscaler first looks, at `replicas` pods that are Ready */
export async function startFleet(
  { plane, metrics, shipped }: { plane: ControlPlane; metrics: MetricsApi; shipped: Shipped },
  { replicas, load, behavior = {} }: { replicas: number; load: Load; behavior?: BehaviorPatch },
): Promise<ScaledFleet> {
  const namespace = `fleet-${(fleets += 1)}`;
  const { autoscaler, deployment } = shipped;
  const { name } = deployment.metadata;
  const within = (group: string, resource: string): string => `${group}/namespaces/${namespace}/${resource}`;
  const meta = (each: { name: string; labels?: unknown }) => ({ name: each.name, labels: each.labels, namespace });
  const deployments = within('/apis/apps/v1', 'deployments');
  const autoscalers = within('/apis/autoscaling/v2', 'horizontalpodautoscalers');

  await plane.request('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await makeWhatPodsNeed(plane, namespace, deployment);
  await plane.request('POST', deployments, {
    ...deployment,
    metadata: meta(deployment.metadata),
    spec: { ...deployment.spec, replicas },
  });
  await until(`${namespace}: ${replicas} pods are Ready`, async () => {
    const { status } = await plane.request<{ status: { readyReplicas?: number } }>('GET', `${deployments}/${name}`);
    return status.readyReplicas === replicas || undefined;
  });
  await sleep(SETTLED_MS);

  const setLoad = (next: Load): void => metrics.set(namespace, measurementsOf(next, shipped));
  setLoad(load);
  const created = await plane.request<{ metadata: { creationTimestamp: string } }>('POST', autoscalers, {
    ...autoscaler,
    metadata: meta(autoscaler.metadata),
    spec: { ...autoscaler.spec, behavior: patched(autoscaler.spec.behavior, behavior) },
  });

  const fleet: ScaledFleet = {
    namespace,
    createdAtS: Date.parse(created.metadata.creationTimestamp) / 1000,
    load: setLoad,
    async replicas() {
      const { spec } = await plane.request<{ spec: { replicas: number } }>('GET', `${deployments}/${name}`);
      return spec.replicas;
    },
    async status() {
      const path = `${autoscalers}/${autoscaler.metadata.name}`;
      return (await plane.request<{ status: AutoscalerStatus }>('GET', path)).status;
    },
    async rescales() {
      const { items } = await plane.request<{
        items: { message: string; firstTimestamp: string }[];
      }>('GET', within('/api/v1', 'events?fieldSelector=reason%3DSuccessfulRescale'));
      return items
        .map(({ message, firstTimestamp }) => ({
          replicas: Number(/New size: (\d+);/.exec(message)?.[1]),
          atS: Date.parse(firstTimestamp) / 1000,
        }))
        .sort((a, b) => a.atS - b.atS);
    },
    firstRescales: (count) =>
      until(`${namespace} changes its size ${count} times`, async () => {
        const rescales = await fleet.rescales();
        return rescales.length < count ? undefined : rescales.slice(0, count);
      }),
    firstRescale: async () => (await fleet.firstRescales(1))[0]!,
    async reaches(size) {
      await until(`${namespace} has ${size} pods`, async () => (await fleet.replicas()) === size || undefined);
    },
    async hasLooked(times = 3) {
      const from = metrics.looks(namespace);
      await until(`${namespace} is looked at`, () =>
        Promise.resolve(metrics.looks(namespace) >= from + times || undefined),
      );
    },
  };
  return fleet;
}

/** Who the pods are, and the volumes without which none is scheduled; kwok mounts nothing, and so needs no more. */
async function makeWhatPodsNeed(plane: ControlPlane, namespace: string, { spec }: Deployment): Promise<void> {
  const { serviceAccountName, volumes = [] } = spec.template.spec;
  await plane.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
    metadata: { name: serviceAccountName },
  });
  for (const { persistentVolumeClaim } of volumes) {
    if (persistentVolumeClaim === undefined) continue;
    const { claimName } = persistentVolumeClaim;
    const volumeName = `${namespace}-${claimName}`;
    const shared = { accessModes: ['ReadOnlyMany'], storageClassName: '' };
    await plane.request('POST', '/api/v1/persistentvolumes', {
      metadata: { name: volumeName },
      spec: {
        ...shared,
        capacity: { storage: '1Gi' },
        hostPath: { path: '/nowhere' },
        claimRef: { namespace, name: claimName },
      },
    });
    await plane.request('POST', `/api/v1/namespaces/${namespace}/persistentvolumeclaims`, {
      metadata: { name: claimName },
      spec: { ...shared, volumeName, resources: { requests: { storage: '1Gi' } } },
    });
  }
}

function patched(behavior: Behavior, patch: BehaviorPatch): Behavior {
  return {
    scaleUp: { ...behavior.scaleUp, ...patch.scaleUp },
    scaleDown: { ...behavior.scaleDown, ...patch.scaleDown },
  };
}

function metricOf({ spec }: Autoscaler, type: MetricSpec['type']): MetricSpec {
  const metric = spec.metrics.find((each) => each.type === type);
  if (metric === undefined) throw new Error(`the shipped autoscaler has no metric of type ${type}`);
  return metric;
}

/** In the terms of the shipped autoscaler: its container and names of metrics. */
function measurementsOf({ cpuPercent, p99Ms, inFlightShare }: Load, { autoscaler, deployment }: Shipped): Measurements {
  const { container } = metricOf(autoscaler, 'ContainerResource').containerResource!;
  const { name: pressure } = metricOf(autoscaler, 'External').external!.metric;
  const { metric: inFlight, target } = metricOf(autoscaler, 'Pods').pods!;
  const requested = deployment.spec.template.spec.containers.find(({ name }) => name === container)?.resources.requests
    .cpu;
  if (requested === undefined) throw new Error(`container ${container} requests no CPU`);
  return {
    ...(cpuPercent !== undefined && { cpu: { [container]: `${(thousandths(requested) * cpuPercent) / 100}m` } }),
    ...(p99Ms !== undefined && { external: { [pressure]: pressureOf(p99Ms) } }),
    ...(inFlightShare !== undefined && {
      pods: { [inFlight.name]: `${Math.round(thousandths(target.averageValue!) * inFlightShare)}m` },
    }),
  };
}
