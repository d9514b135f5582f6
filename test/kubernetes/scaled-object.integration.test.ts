/** The overlay for KEDA asks for the same autoscaling as the plain one, through a ScaledObject, and never for both. */
import { describe, expect, it } from 'vitest';
import { shippedAutoscaling, type Behavior } from './autoscaling/shipped.ts';
import { findBinaries } from './control-plane/binaries.ts';
import { oneOf, OVERLAYS, renderOverlay, type Manifest } from './overlays.ts';

const { absent } = findBinaries();

interface ScaledObject extends Manifest {
  readonly spec: {
    readonly scaleTargetRef: { readonly apiVersion?: string; readonly kind?: string; readonly name: string };
    readonly minReplicaCount: number;
    readonly maxReplicaCount: number;
    readonly fallback?: unknown;
    readonly advanced: {
      readonly horizontalPodAutoscalerConfig: { readonly name?: string; readonly behavior: Behavior };
    };
    readonly triggers: readonly {
      readonly type: string;
      readonly metricType?: string;
      readonly metadata: Readonly<Record<string, string>>;
    }[];
  };
}

describe(`the overlay for KEDA ${absent}`, () => {
  it.skipIf(absent).each(OVERLAYS)('%s has one autoscaler for the ranking pods, of one kind', (overlay) => {
    const kinds = renderOverlay(overlay)
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')
      .filter(({ spec }) => (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name === 'serving')
      .map(({ kind }) => kind);
    expect(kinds).toEqual([overlay === 'keda' ? 'ScaledObject' : 'HorizontalPodAutoscaler']);
  });

  it.skipIf(absent)('scales the same pods by the same numbers', () => {
    const { autoscaler } = shippedAutoscaling();
    const { spec } = oneOf(renderOverlay('keda'), 'ScaledObject') as ScaledObject;
    const { scaleTargetRef, minReplicas, maxReplicas, behavior, metrics } = autoscaler.spec;
    expect(spec.scaleTargetRef.name).toBe(scaleTargetRef.name);
    expect([spec.minReplicaCount, spec.maxReplicaCount]).toEqual([minReplicas, maxReplicas]);
    const { name, behavior: ours } = spec.advanced.horizontalPodAutoscalerConfig;
    expect(ours).toEqual(behavior);
    // Alerts and dashboards look for this name, whoever makes the autoscaler.
    expect(name).toBe(autoscaler.metadata.name);
    expect(spec.triggers).toHaveLength(metrics.length);

    const cpu = metrics.find(({ type }) => type === 'ContainerResource')!.containerResource!;
    expect(spec.triggers).toContainEqual(
      expect.objectContaining({
        type: 'cpu',
        metricType: 'Utilization',
        metadata: expect.objectContaining({
          containerName: cpu.container,
          value: String(cpu.target.averageUtilization),
        }),
      }),
    );
    const external = metrics.find(({ type }) => type === 'External')!.external!;
    const pods = metrics.find(({ type }) => type === 'Pods')!.pods!;
    const asked = spec.triggers.filter(({ type }) => type === 'prometheus');
    const of = (metric: string) => asked.find(({ metadata }) => metadata.query?.includes(metric));
    expect(of(external.metric.name)).toMatchObject({
      metricType: 'Value',
      metadata: { threshold: external.target.value },
    });
    expect(of(pods.metric.name)).toMatchObject({
      metricType: 'AverageValue',
      metadata: { threshold: pods.target.averageValue },
    });
  });

  it.skipIf(absent)(
    'does not hide an absent metric: what cannot be read must keep the pods from becoming fewer',
    () => {
      const { spec } = oneOf(renderOverlay('keda'), 'ScaledObject') as ScaledObject;
      expect(spec.fallback).toBeUndefined();
      for (const { type, metadata } of spec.triggers)
        if (type === 'prometheus')
          expect([metadata.query, metadata.ignoreNullValues]).toEqual([metadata.query, 'false']);
    },
  );
});
