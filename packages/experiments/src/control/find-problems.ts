import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import type { StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import { checkChange, saltOf } from '../documents/check-change.ts';
import { checkSpec } from '../documents/check-spec.ts';
import { allMetrics } from '../documents/metric-catalogue.ts';
import { problem, type Problem } from '../documents/problem.ts';
import { SPLITTING } from '../publisher/snapshot-content.ts';
import type { Change } from './change.ts';

/** Everything that is wrong with a spec, here and now. */
export async function problemsOf(
  { records, builtInMetrics, releases, nowS }: Change,
  name: string,
  spec: ExperimentSpec,
  before: StoredExperiment | undefined,
): Promise<readonly Problem[]> {
  const layers = new Set((await records.layers()).map((one) => one.name));
  const metrics = new Set((await allMetrics(builtInMetrics, records)).keys());
  const problems = [...checkSpec(spec, { layers, metrics, releases })];
  const twin = (await records.experiments()).find(
    (other) => other.name !== name && saltOf(other.name, other.current.spec) === saltOf(name, spec),
  );
  if (twin !== undefined) {
    const reason = `${twin.name} has this salt: the same users would be in the same variants of both`;
    problems.push(problem('experiment_invalid', 'spec.salt', reason));
  }
  if (before === undefined || before.state === 'draft') return problems;
  if (!SPLITTING.has(before.state)) {
    return [problem('running_change_refused', 'spec', `it is ${before.state}: its history is kept as it is`)];
  }
  return [...checkChange(name, before.current.spec, spec, nowS), ...problems];
}
