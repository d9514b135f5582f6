import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { absent, DEPLOY, render, ROOT, type KubeObject } from './kustomize.ts';
import { podTemplates } from './pods.ts';

interface Autoscaler {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly metrics: readonly {
    readonly containerResource?: { container: string; target: { averageUtilization: number } };
    readonly external?: {
      metric: { name: string; selector: { matchLabels: { dataset: string } } };
      target: { value: string };
    };
    readonly pods?: { metric: { name: string }; target: { averageValue: string } };
  }[];
  readonly behavior: Readonly<
    Record<'scaleUp' | 'scaleDown', { tolerance: string; stabilizationWindowSeconds: number }>
  >;
}

const production = absent ? [] : render('overlays/production');
const find = (objects: readonly KubeObject[], kind: string) => objects.filter((object) => object.kind === kind);
const autoscaler = () => find(production, 'HorizontalPodAutoscaler')[0]!.spec as Autoscaler;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/**
 * Requests in flight at `load` % of a core, of every run of the benchmark that measured it: Little's law with the mean of the
 * log-normal distribution that has the run's p50 and p95. One run is half or twice the next; the machine is shared.
 */
function inFlightAt(load: number): number[] {
  const runs = readFileSync(join(ROOT, 'docs/bench-history.jsonl'), 'utf8').trim().split('\n');
  return runs.flatMap((line) => {
    const { results } = JSON.parse(line) as { results: Readonly<Record<string, readonly [number]>> };
    const of = (figure: string) => results[`serving.1m.500.warm.${figure}`]?.[0];
    const [saturation, p50, p95] = [of('saturation'), of(`load${load}.p50`), of(`load${load}.p95`)];
    if (saturation === undefined || p50 === undefined || p95 === undefined) return [];
    const sigma = Math.log(p95 / p50) / 1.645;
    return [((saturation * load) / 100) * (p50 / 1000) * Math.exp(sigma ** 2 / 2)];
  });
}

describe(`the autoscaler ${absent}`, () => {
  it.skipIf(absent)('has the numbers of the rule: 5 to 50 pods, CPU 60, pressure 75, a dead band of a sixth', () => {
    const { minReplicas, maxReplicas, metrics, behavior } = autoscaler();
    expect([minReplicas, maxReplicas]).toEqual([5, 50]);
    const [cpu, pressure] = metrics;
    const target = cpu!.containerResource!.target.averageUtilization;
    expect(pressure!.external!.target.value).toBe('75');
    expect(behavior).toEqual({
      scaleUp: {
        stabilizationWindowSeconds: 0,
        tolerance: '0.1667',
        policies: [
          { type: 'Percent', value: 100, periodSeconds: 60 },
          { type: 'Pods', value: 4, periodSeconds: 60 },
        ],
      },
      scaleDown: {
        stabilizationWindowSeconds: 180,
        tolerance: '0.1667',
        policies: [{ type: 'Percent', value: 20, periodSeconds: 180 }],
      },
    });
    // Whole percents: acts at 71 and at 49, not at 70 and 50.
    const [up, down] = [Number(behavior.scaleUp.tolerance), Number(behavior.scaleDown.tolerance)];
    const acts = (percent: number) => percent / target > 1 + up || percent / target < 1 - down;
    expect([49, 50, 70, 71].filter(acts)).toEqual([49, 71]);
  });

  it.skipIf(absent)('measures the container that serves, which asks for a whole core', () => {
    const pod = podTemplates(production).find(({ owner }) => owner.metadata.name === 'serving')!;
    const { container } = autoscaler().metrics[0]!.containerResource!;
    const measured = pod.spec.containers.find(({ name }) => name === container)!;
    expect(measured.resources.requests.cpu).toBe('1');
    expect(pod.owner.spec).not.toHaveProperty('replicas');
  });

  it.skipIf(absent)('asks for metrics that there are, by a name that the alerts know', () => {
    const [, pressure, inFlight] = autoscaler().metrics;
    const recording = readFileSync(join(DEPLOY, 'prometheus/rules/recording.yaml'), 'utf8');
    expect(recording).toContain(`record: ${pressure!.external!.metric.name}`);
    const source = readFileSync(join(ROOT, 'packages/serving/src/observe/admission-metrics.ts'), 'utf8');
    expect(source).toContain(`name: '${inFlight!.pods!.metric.name}'`);
    const adapter = parse(readFileSync(join(DEPLOY, 'prometheus/adapter.yaml'), 'utf8')) as Record<
      'rules' | 'externalRules',
      { name: { as: string } }[]
    >;
    expect(adapter.rules.map(({ name }) => name.as)).toEqual([inFlight!.pods!.metric.name]);
    expect(adapter.externalRules.map(({ name }) => name.as)).toEqual([pressure!.external!.metric.name]);
    const alerts = readFileSync(join(DEPLOY, 'prometheus/rules/autoscaling.yaml'), 'utf8');
    const [, pattern] = /horizontalpodautoscaler=~"([^"]+)"/.exec(alerts)!;
    expect(find(production, 'HorizontalPodAutoscaler')[0]!.metadata.name).toMatch(new RegExp(`^${pattern}$`));
  });

  it.skipIf(absent)('asks for more pods by requests in flight where CPU does, by what was measured', () => {
    const target = Number(autoscaler().metrics[2]!.pods!.target.averageValue);
    const edge = target * (1 + 1 / 6);
    expect(edge).toBeGreaterThan(median(inFlightAt(60)));
    expect(edge).toBeLessThan(median(inFlightAt(80)));
  });

  it.skipIf(absent)('is one: KEDA has the same numbers and no plain one beside it', () => {
    const keda = render('overlays/keda');
    expect(find(keda, 'HorizontalPodAutoscaler')).toEqual([]);
    const { spec, metadata } = find(keda, 'ScaledObject')[0]!;
    const { minReplicas, maxReplicas, metrics, behavior } = autoscaler();
    expect(metadata.annotations).toEqual({ 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' });
    expect(spec).toMatchObject({
      minReplicaCount: minReplicas,
      maxReplicaCount: maxReplicas,
      advanced: {
        horizontalPodAutoscalerConfig: {
          name: find(production, 'HorizontalPodAutoscaler')[0]!.metadata.name,
          behavior,
        },
      },
      triggers: [
        { type: 'cpu', metricType: 'Utilization', metadata: { containerName: 'serving', value: '60' } },
        { metricType: 'Value', metadata: { threshold: metrics[1]!.external!.target.value, ignoreNullValues: 'false' } },
        { metricType: 'AverageValue', metadata: { threshold: metrics[2]!.pods!.target.averageValue } },
      ],
    });
    expect(spec).not.toHaveProperty('fallback');
  });

  it.skipIf(absent)('serves the shop that the ConfigMap names, in every place that names one', () => {
    const shop = production.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('shop-'))!;
    const dataset = shop.data!.SHORTLIST_DATASET!;
    expect(autoscaler().metrics[1]!.external!.metric.selector.matchLabels.dataset).toBe(dataset);
    const monitors = find(production, 'ServiceMonitor').map(
      ({ spec }) => spec as { endpoints: { relabelings: { targetLabel: string; replacement: string }[] }[] },
    );
    expect(monitors).toHaveLength(4);
    for (const { endpoints } of monitors)
      expect(endpoints[0]!.relabelings[0]).toEqual({ targetLabel: 'dataset', replacement: dataset });
    const [scaled] = find(render('overlays/keda'), 'ScaledObject');
    const queries = [...JSON.stringify(scaled).matchAll(/dataset=\\\\?\\?"([a-z-]+)/g)].map(([, name]) => name);
    expect(queries).toEqual([dataset, dataset]);
  });
});
