import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesApi, type ClusterChoice } from './api.ts';
import { COMPONENT_LABEL, GROUP, GROUP_VERSION } from './names.ts';
import { monitorReport } from './monitor-report.ts';
import type { ConditionedResource, HorizontalPodAutoscaler, Pod } from './objects.ts';

export interface MonitorOptions extends ClusterChoice {
  readonly namespace: string;
  readonly intervalS: number;
  /** Look so often, then end; undefined: until it is interrupted. */
  readonly count?: number;
  readonly json?: boolean;
}

/** Watches the autoscaler, pods, latency and experiments; changes nothing. */
export async function monitor(options: MonitorOptions): Promise<void> {
  const api = await KubernetesApi.open(options);
  const { namespace, intervalS, count = Infinity, json } = options;
  const inside = (group: string, kind: string) =>
    `/${group === 'v1' ? 'api' : 'apis'}/${group}/namespaces/${namespace}/${kind}`;
  for (let turn = 1; ; turn++) {
    const [autoscalers, pods, experiments, modelReleases] = await Promise.all([
      api.list<HorizontalPodAutoscaler>(inside('autoscaling/v2', 'horizontalpodautoscalers')),
      api.list<Pod>(`${inside('v1', 'pods')}?labelSelector=${encodeURIComponent(COMPONENT_LABEL)}`),
      api.list<ConditionedResource>(inside(`${GROUP}/${GROUP_VERSION}`, 'experiments')),
      api.list<ConditionedResource>(inside(`${GROUP}/${GROUP_VERSION}`, 'modelreleases')),
    ]);
    const seen = { at: new Date(), autoscalers, pods, experiments, modelReleases };
    process.stdout.write(json === true ? `${JSON.stringify(seen)}\n` : monitorReport(seen));
    if (turn >= count) return;
    await sleep(intervalS * 1000);
  }
}
