import type { MetricSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentRecords, StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import type { AnalysisSubject } from '../decisions/evidence.ts';
import { timeOf } from '../documents/check-spec.ts';
import { allMetrics } from '../documents/metric-catalogue.ts';

/** What is to be analysed of an experiment; null when it never ran. */
export async function subjectOf(
  records: Pick<ExperimentRecords, 'versions' | 'layers' | 'metrics'>,
  builtInMetrics: ReadonlyMap<string, MetricSpec>,
  { name, current }: StoredExperiment,
): Promise<AnalysisSubject | null> {
  const { spec, phase, version } = current;
  const layer = (await records.layers()).find((one) => one.name === spec.layer);
  const ofPhase = (await records.versions(name)).filter((one) => one.phase === phase && one.version <= version);
  const notBeforeS = spec.startsAt === undefined ? -Infinity : timeOf(spec.startsAt);
  const versions = ofPhase.flatMap(({ version: number, startedAtS }) =>
    startedAtS === null ? [] : [{ version: number, startedAtS: Math.max(startedAtS, notBeforeS) }],
  );
  if (versions.length === 0 || layer === undefined) return null;
  const known = await allMetrics(builtInMetrics, records);
  const named = [...spec.metrics.success, ...spec.metrics.guardrails.map(({ metric }) => metric)];
  const metrics = new Map(named.flatMap((metric) => (known.has(metric) ? [[metric, known.get(metric)!]] : [])));
  return { experiment: name, spec, unit: layer.spec.unit, versions, metrics };
}
