import { TEMPLATE_ANNOTATIONS } from '@shortlist/core/contracts/model-release-resource.ts';
import { tableOf } from '../experiment/table.ts';
import type { Listed } from './doctor/installation.ts';
import { COMPONENT_LABEL, COMPONENTS } from './names.ts';
import {
  conditionOf,
  type ConditionedResource,
  type HorizontalPodAutoscaler,
  type MetricSpec,
  type MetricStatus,
  type Pod,
} from './objects.ts';

export interface Seen {
  readonly at: Date;
  readonly autoscalers: Listed<HorizontalPodAutoscaler>;
  readonly pods: Listed<Pod>;
  readonly experiments: Listed<ConditionedResource>;
  readonly modelReleases: Listed<ConditionedResource>;
}

/** One look as a person reads it. */
export function monitorReport({ at, autoscalers, pods, experiments, modelReleases }: Seen): string {
  const parts = [
    section(autoscalers, 'autoscaler', ['AUTOSCALER', 'PODS', 'WANTED', 'BETWEEN', 'METRICS'], (all) =>
      all.map(scalerRow),
    ),
    section(pods, 'pods', ['PODS OF', 'READY', 'ALL', 'RESTARTS', 'RELEASES'], podRows),
    section(experiments, 'experiments', ['EXPERIMENT', 'STATE', 'LAYER', 'EXPOSED', 'READY'], (all) =>
      all.map((each) => {
        const layer = each.spec?.layer;
        return [
          each.metadata.name,
          statusText(each, 'state'),
          typeof layer === 'string' ? layer : '-',
          statusText(each, 'exposed'),
          readyOf(each),
        ];
      }),
    ),
    section(modelReleases, 'releases', ['RELEASE', 'PHASE', 'READY', 'WHY'], (all) =>
      all.map((each) => [
        each.metadata.name,
        statusText(each, 'phase'),
        readyOf(each),
        conditionOf(each, 'Ready')?.message ?? '-',
      ]),
    ),
  ];
  return `${at.toISOString()}\n${parts.join('')}\n`;
}

type Rows = string[][];

function section<T>(look: Listed<T>, name: string, head: string[], rowsOf: (all: readonly T[]) => Rows): string {
  if (look.state === 'unknown') return `${name}: ${look.reason}\n`;
  const all = look.state === 'found' ? look.value : [];
  return all.length === 0 ? `${name}: none\n` : tableOf([head, ...rowsOf(all)]);
}

const readyOf = (resource: ConditionedResource): string => conditionOf(resource, 'Ready')?.status ?? '-';

function podRows(pods: readonly Pod[]): Rows {
  return COMPONENTS.map((component) => {
    const mine = pods.filter(({ metadata }) => metadata.labels?.[COMPONENT_LABEL] === component);
    const restarts = mine
      .flatMap(({ status }) => status?.containerStatuses ?? [])
      .reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
    const releases = new Set(mine.map(({ metadata }) => metadata.annotations?.[TEMPLATE_ANNOTATIONS.release] ?? ''));
    releases.delete('');
    const ready = mine.filter((pod) => conditionOf(pod, 'Ready')?.status === 'True').length;
    return [component, String(ready), String(mine.length), String(restarts), [...releases].join(', ') || '-'];
  });
}

function scalerRow({ metadata, spec, status = {} }: HorizontalPodAutoscaler): string[] {
  const metrics = (status.currentMetrics ?? []).map((current, i) => metricText(current, spec.metrics?.[i]));
  return [
    metadata.name,
    String(status.currentReplicas ?? '-'),
    String(status.desiredReplicas ?? '-'),
    `${spec.minReplicas ?? 1}..${spec.maxReplicas}`,
    metrics.filter((text) => text !== '').join(', ') || 'none yet',
  ];
}

/** A metric that could not be read is an entry without a name. */
function metricText(
  { containerResource, resource, external, pods }: MetricStatus,
  spec: MetricSpec | undefined,
): string {
  const core = containerResource ?? resource;
  if (core !== undefined && core.name !== '') return `${core.name} ${core.current.averageUtilization ?? '?'} %`;
  if (external !== undefined && external.metric.name !== '') {
    const value = external.current.value ?? external.current.averageValue ?? '?';
    return external.metric.name === PRESSURE ? `p99 ${latencyOf(value)}` : `${external.metric.name} ${value}`;
  }
  if (pods !== undefined && pods.metric.name !== '') return `${pods.metric.name} ${pods.current.averageValue ?? '?'}`;
  return spec === undefined ? '' : `${spec.type} missing`;
}

const PRESSURE = 'ranking_p99_pressure';
/** The pressure that 25 ms and less, and 150 ms and more, have (deploy/prometheus/rules/recording.yaml). */
const [LOWEST, HIGHEST] = [50, 112.5];

/** The p99 that a pressure stands for: 37.5 + p99/2, clamped. */
export function latencyOf(quantity: string): string {
  const pressure = quantity.endsWith('m') ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
  if (Number.isNaN(pressure)) return quantity;
  if (pressure <= LOWEST) return '<= 25 ms';
  if (pressure >= HIGHEST) return '>= 150 ms';
  return `${Math.round(2 * (pressure - 37.5))} ms`;
}

const statusText = ({ status }: ConditionedResource, field: string): string => {
  const value = status?.[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
};
