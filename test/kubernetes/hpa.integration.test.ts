/**
 * The shipped autoscaler against the real controller of kube-controller-manager: what it does at each edge of the rule
 * "grow when CPU > 70 % or p99 > 100 ms, shrink only when CPU < 50 % and p99 < 50 ms, three minutes between two steps
 * down, 5 to 50 pods". What pods measure is set by the test through the metrics APIs; the objects are those of
 * deploy/overlays/production. Every case has a namespace of its own, so that they run at the same time.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { addNodes } from './control-plane/nodes.ts';
import { startFleet, type BehaviorPatch, type Load } from './autoscaling/scaled-fleet.ts';
import { shippedAutoscaling, type Shipped } from './autoscaling/shipped.ts';
import { startMetricsApi, type MetricsApi } from './metrics-api/metrics-api.ts';

const { absent } = findBinaries('full');
const MINUTES_10 = 600_000;
/** Neither grows nor keeps from shrinking. */
const IDLE: Load = { cpuPercent: 10, p99Ms: 10, inFlightShare: 0.1 };
/** Everything below its lower edge. */
const LOW: Load = { cpuPercent: 49, p99Ms: 49, inFlightShare: 0.1 };
/** Steps down at once: the three minutes have cases of their own. */
const AT_ONCE: BehaviorPatch = { scaleDown: { stabilizationWindowSeconds: 0 } };

let plane: ControlPlane;
let metrics: MetricsApi;
let shipped: Shipped;
const fleetOf = (replicas: number, load: Load, behavior: BehaviorPatch = AT_ONCE) =>
  startFleet({ plane, metrics, shipped }, { replicas, load, behavior });

beforeAll(async () => {
  if (absent) return;
  plane = await startControlPlane();
  await addNodes(plane, ['a', 'b', 'c']);
  metrics = await startMetricsApi(plane);
  shipped = shippedAutoscaling();
  for (const priorityClass of shipped.priorityClasses)
    await plane.request('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', priorityClass);
}, MINUTES_10);
afterAll(async () => {
  await plane?.stop();
  await metrics?.stop();
});

/** The first size that the autoscaler chooses; the size itself when it looked three times and left it. */
async function firstMove(replicas: number, load: Load): Promise<number> {
  const fleet = await fleetOf(replicas, load);
  await fleet.hasLooked();
  const { lastScaleTime } = await fleet.status();
  return lastScaleTime === undefined ? await fleet.replicas() : (await fleet.firstRescale()).replicas;
}

describe.skipIf(absent)(`the shipped autoscaler ${absent}`, { concurrent: true, timeout: MINUTES_10 }, () => {
  // First: the others run meanwhile.
  describe('three minutes', () => {
    it('low load must last before the first step down', async () => {
      const fleet = await fleetOf(20, LOW, {});
      const first = await fleet.firstRescale();
      expect(first.replicas).toBe(17);
      expect(first.atS - fleet.createdAtS).toBeGreaterThanOrEqual(180);
    });
    it('lie between two steps down', async () => {
      const fleet = await fleetOf(20, IDLE, AT_ONCE);
      const [first, second] = await fleet.firstRescales(2);
      // A fifth of 20, then a fifth of 16: the controller leaves 12.8 pods, cut to 12.
      expect([first!.replicas, second!.replicas]).toEqual([16, 12]);
      // Times are in whole seconds, and the event is written just before the step is remembered.
      expect(second!.atS - first!.atS).toBeGreaterThanOrEqual(179);
    });
    it('are begun again by a peak: what was wanted within them counts', async () => {
      const windowS = 40;
      const fleet = await fleetOf(20, LOW, { scaleDown: { stabilizationWindowSeconds: windowS } });
      await fleet.hasLooked();
      fleet.load({ ...LOW, cpuPercent: 60 });
      await fleet.hasLooked();
      const peakEndedAtS = Date.now() / 1000;
      fleet.load(LOW);
      // Times are in whole seconds, and the last look at the peak was a moment ago.
      expect((await fleet.firstRescale()).atS - peakEndedAtS).toBeGreaterThanOrEqual(windowS - 3);
    });
  });

  describe('from 20 pods', () => {
    it.each<[what: string, load: Load, replicas: number]>([
      ['CPU 71 % grows', { ...IDLE, cpuPercent: 71 }, 24],
      ['CPU 70 % stays', { ...IDLE, cpuPercent: 70 }, 20],
      ['p99 101 ms grows', { ...IDLE, p99Ms: 101 }, 24],
      ['p99 100 ms stays', { ...IDLE, p99Ms: 100 }, 20],
      ['requests in flight above the target by more than a sixth grow', { ...IDLE, inFlightShare: 1.18 }, 24],
      ['requests in flight above the target by a sixth stay', { ...IDLE, inFlightShare: 7 / 6 }, 20],
      ['CPU and p99 that both want to grow: the larger counts', { ...IDLE, cpuPercent: 71, p99Ms: 125 }, 27],
      ['CPU 49 % and p99 49 ms shrink', LOW, 17],
      ['CPU 50 % stays whatever the p99', { ...LOW, cpuPercent: 50 }, 20],
      ['p99 50 ms stays whatever the CPU', { ...LOW, p99Ms: 50 }, 20],
      ['CPU 50 % and p99 50 ms stay', { ...LOW, cpuPercent: 50, p99Ms: 50 }, 20],
      ['CPU between the edges stays', { ...LOW, cpuPercent: 60 }, 20],
      ['requests in flight at the target stay', { ...LOW, inFlightShare: 1 }, 20],
    ])('%s', async (_, load, replicas) => expect(await firstMove(20, load)).toBe(replicas));
  });

  describe('steps', () => {
    it('double the fleet at most, however high the CPU', async () => {
      expect(await firstMove(10, { ...IDLE, cpuPercent: 900 })).toBe(20);
    });
    it('add half as much again at most, however high the p99', async () => {
      expect(await firstMove(20, { ...IDLE, p99Ms: 60_000 })).toBe(30);
    });
    it('take a fifth away at most, however idle', async () => {
      expect(await firstMove(20, IDLE)).toBe(16);
    });
    it('end at 50 pods, and the status says that more were wanted', async () => {
      const fleet = await fleetOf(40, { ...IDLE, cpuPercent: 900 });
      expect((await fleet.firstRescale()).replicas).toBe(50);
      await fleet.hasLooked();
      expect(await fleet.replicas()).toBe(50);
      expect((await fleet.status()).conditions).toContainEqual(
        expect.objectContaining({ type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' }),
      );
    });
    it('end at 5 pods, however idle', async () => {
      const often = { ...AT_ONCE.scaleDown, policies: [{ type: 'Percent', value: 20, periodSeconds: 1 }] } as const;
      const fleet = await fleetOf(7, IDLE, { scaleDown: often });
      await fleet.reaches(5);
      await fleet.hasLooked(5);
      expect(await fleet.replicas()).toBe(5);
      expect((await fleet.rescales()).every(({ replicas }) => replicas >= 5)).toBe(true);
    });
  });

  describe('a metric that is absent', () => {
    it('does not let it shrink when it is the p99', async () => {
      const fleet = await fleetOf(20, { cpuPercent: 10, inFlightShare: 0.1 });
      await fleet.hasLooked(5);
      expect(await fleet.rescales()).toEqual([]);
      expect(await fleet.replicas()).toBe(20);
      // As soon as it is there again.
      fleet.load(LOW);
      expect((await fleet.firstRescale()).replicas).toBe(17);
    });
    it('lets it grow by the CPU when it is the p99', async () => {
      expect(await firstMove(20, { cpuPercent: 71, inFlightShare: 0.1 })).toBe(24);
    });
    it('does not let it shrink when it is the requests in flight', async () => {
      expect(await firstMove(20, { cpuPercent: 10, p99Ms: 10 })).toBe(20);
    });
    it('does not let it shrink when it is the CPU, but grow by the p99', async () => {
      expect(await firstMove(20, { p99Ms: 10, inFlightShare: 0.1 })).toBe(20);
      expect(await firstMove(20, { p99Ms: 101, inFlightShare: 0.1 })).toBe(24);
    });
  });

  describe('a roll-out', () => {
    it('does not reset the size that the autoscaler chose', async () => {
      const fleet = await fleetOf(20, { ...IDLE, cpuPercent: 71 });
      expect((await fleet.firstRescale()).replicas).toBe(24);
      fleet.load({ ...IDLE, cpuPercent: 60 });
      await fleet.hasLooked();
      const size = await fleet.replicas();
      const { deployment } = shipped;
      const { template } = deployment.spec;
      const annotations = { ...template.metadata.annotations, 'shortlist.dev/test': 'another release' };
      const next = {
        ...deployment,
        metadata: { ...deployment.metadata, namespace: fleet.namespace },
        spec: { ...deployment.spec, template: { ...template, metadata: { ...template.metadata, annotations } } },
      };
      await plane.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(next));
      const target = ['-n', fleet.namespace, `deployment/${deployment.metadata.name}`];
      await plane.kubectl(['rollout', 'status', '--timeout=300s', ...target]);
      expect(await fleet.replicas()).toBe(size);
      await plane.kubectl(['rollout', 'undo', ...target]);
      await plane.kubectl(['rollout', 'status', '--timeout=300s', ...target]);
      expect(await fleet.replicas()).toBe(size);
    });
  });
});
