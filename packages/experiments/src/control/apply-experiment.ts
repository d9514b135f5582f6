import { isDeepStrictEqual } from 'node:util';
import type { ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import type { StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import { startsNewPhase } from '../documents/check-change.ts';
import { refuseErrors, type Problem } from '../documents/problem.ts';
import { SPLITTING } from '../publisher/snapshot-content.ts';
import type { Applied } from './applied.ts';
import type { Change } from './change.ts';
import { refuseConflict } from './conflict.ts';
import { problemsOf } from './find-problems.ts';
import { withBuckets } from './fit.ts';

type ExperimentDocument = Extract<ExperimentsDocument, { kind: 'Experiment' }>;

/**
 * Creates an experiment as a draft, or gives it a new configuration version; while it runs only such as leave everybody
 * where they are, or begin a new phase of analysis. `collect` takes all problems; without it the first error is thrown.
 */
export async function applyExperiment(
  change: Change,
  { metadata, spec }: ExperimentDocument,
  collect?: (problems: readonly Problem[]) => void,
): Promise<Applied> {
  const { records, nowS, actor } = change;
  const { name } = metadata;
  const before = await records.experiment(name);
  refuseConflict('Experiment', metadata, before?.resourceVersion ?? 0);
  const applied = { kind: 'Experiment' as const, name };
  if (before !== undefined && isDeepStrictEqual(before.current.spec, spec)) {
    const { resourceVersion, current } = before;
    return { ...applied, outcome: 'unchanged', resourceVersion, version: current.version, warnings: [] };
  }
  const problems = await problemsOf(change, name, spec, before);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (collect === undefined || errors.length === 0) refuseErrors(name, problems);
  else {
    collect(errors);
    return { ...applied, outcome: 'unchanged', resourceVersion: 0, version: null, warnings: warningsOf(problems) };
  }
  const after = before === undefined ? draftOf(change, name, spec) : await changed(change, before, spec);
  await records.putExperiment(after);
  const { version, phase } = after.current;
  const message =
    before === undefined
      ? 'created as a draft'
      : `configuration version ${version}${after.current.startedAtS !== null && phase === version ? ', a new phase of analysis' : ''}`;
  await records.addLog({
    ...{ atS: nowS, actor, action: before === undefined ? 'created' : 'updated', kind: 'Experiment', name, version },
    ...{ message, before: before?.current.spec ?? null, after: spec },
  });
  return {
    ...applied,
    outcome: before === undefined ? 'created' : 'updated',
    resourceVersion: after.resourceVersion,
    version,
    warnings: warningsOf(problems),
  };
}

const warningsOf = (problems: readonly Problem[]) => problems.filter(({ severity }) => severity === 'warning');

function draftOf({ nowS, actor }: Change, name: string, spec: ExperimentDocument['spec']): StoredExperiment {
  const current = { version: 1, spec, phase: 1, createdAtS: nowS, startedAtS: null, actor };
  return {
    ...{ name, state: 'draft', resourceVersion: 1, current, buckets: [] },
    ...{ startedAtS: null, endedAtS: null, promoted: null },
  };
}

/** The experiment under its next configuration version. @throws `layer_over_allocated` */
async function changed(
  { records, nowS, actor }: Change,
  before: StoredExperiment,
  spec: ExperimentDocument['spec'],
): Promise<StoredExperiment> {
  const version = before.current.version + 1;
  const resourceVersion = before.resourceVersion + 1;
  const splitting = SPLITTING.has(before.state);
  const phase = splitting && !startsNewPhase(before.current.spec, spec) ? before.current.phase : version;
  const current = { version, spec, phase, createdAtS: nowS, startedAtS: splitting ? nowS : null, actor };
  const after = { ...before, resourceVersion, current };
  return splitting ? withBuckets(records, after) : after;
}
