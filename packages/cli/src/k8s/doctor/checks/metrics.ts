import { conditionOf } from '../../objects.ts';
import { listOf, type Installation, type MetricAnswer } from '../installation.ts';
import { findingsOf, type Remedy, type Row } from '../row.ts';

const { ok, problem, unknown } = findingsOf('metrics');

/** Who serves each API in most clusters, and what is to be read about it. */
const REMEDIES: Readonly<Record<MetricAnswer['api'], Remedy>> = {
  'metrics.k8s.io': {
    remedy: 'install metrics-server, or look at its pods: kubectl -n kube-system get pods -l k8s-app=metrics-server',
    page: 'runbooks/autoscaler-inactive.md',
  },
  'external.metrics.k8s.io': {
    remedy:
      'install prometheus-adapter or KEDA with the rule for ranking_p99_pressure (docs/kubernetes.md); one of them, not both',
    page: 'runbooks/pressure-absent.md',
  },
  'custom.metrics.k8s.io': {
    remedy: 'install prometheus-adapter with the rule for requests in flight (docs/kubernetes.md)',
    page: 'runbooks/autoscaler-inactive.md',
  },
};

/** Do the metrics APIs answer with what the autoscaler of serving asks for? */
export function checkMetrics({ apiServices, metrics }: Installation): Row[] {
  if (apiServices.state === 'unknown') return [unknown('apiservices', apiServices.reason)];
  return metrics.map(({ api, metric, values }) => {
    const remedy = REMEDIES[api];
    const service = listOf(apiServices).find(({ spec }) => spec.group === api);
    if (service === undefined) return problem(api, `is not registered: ${metric} cannot be read`, remedy);
    const available = conditionOf(service, 'Available');
    if (available?.status !== 'True')
      return problem(
        api,
        `is not available: ${available?.reason ?? 'Unknown'}, ${available?.message ?? 'nothing is said'}`,
        remedy,
      );
    if (values.state === 'unknown') return unknown(`${api} ${metric}`, values.reason, remedy);
    if (values.state === 'absent' || values.value.length === 0)
      return problem(
        `${api} ${metric}`,
        'has no value: the autoscaler grows by its other metrics and does not shrink',
        remedy,
      );
    return ok(
      `${api} ${metric}`,
      values.value.length === 1 ? `is ${values.value[0]}` : `has ${values.value.length} values`,
    );
  });
}
