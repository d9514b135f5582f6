import { isDeepStrictEqual } from 'node:util';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { DocumentKind, ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import type { Problem } from '../documents/problem.ts';
import { problemOf, warning } from '../documents/problem.ts';
import { renewSnapshot } from '../publisher/snapshot-content.ts';
import type { Applied } from './applied.ts';
import { applyExperiment } from './apply-experiment.ts';
import type { Change } from './change.ts';
import { refuseConflict } from './conflict.ts';
import { moveExperiment } from './move-experiment.ts';

/** What a document is about comes before what names it. */
const ORDER: readonly DocumentKind[] = ['Layer', 'Metric', 'Experiment'];

/**
 * Applies documents, all or (when one throws, inside the caller's transaction) none; results in the given order. The
 * caller renews the snapshot.
 * @throws the coded error of the first document that is wrong; `version_conflict`, `document_in_use`
 */
export async function applyDocuments(
  change: Change,
  documents: readonly ExperimentsDocument[],
): Promise<readonly Applied[]> {
  const applied = new Map<ExperimentsDocument, Applied>();
  for (const document of inOrder(documents)) applied.set(document, await applyDocument(change, document));
  return documents.map((document) => applied.get(document)!);
}

export interface Validation {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly problems: readonly Problem[];
}

/** Everything wrong with documents, by document. Changes things on its way: the caller takes the transaction back. */
export async function validateDocuments(
  change: Change,
  documents: readonly ExperimentsDocument[],
): Promise<readonly Validation[]> {
  const problems = new Map<ExperimentsDocument, Problem[]>(documents.map((document) => [document, []]));
  const collecting = async (document: ExperimentsDocument, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      problems.get(document)!.push(problemOf(error, 'document'));
      return false;
    }
  };
  for (const document of inOrder(documents)) {
    const { kind, metadata } = document;
    const found = problems.get(document)!;
    const passed = await collecting(document, async () => {
      const { warnings } = await applyDocument(change, document, (all) => found.push(...all));
      found.push(...warnings);
    });
    if (!passed || found.some(({ severity }) => severity === 'error') || kind !== 'Experiment') continue;
    if (!(await collecting(document, () => renewSnapshot(change.records, change.nowS)))) continue;
    found.push(...(await wouldNotStart(change, metadata.name)));
  }
  return documents.map((document) => ({
    kind: document.kind,
    name: document.metadata.name,
    problems: problems.get(document)!,
  }));
}

/** What keeps a draft from starting now is no error of its document. */
async function wouldNotStart(change: Change, name: string): Promise<readonly Problem[]> {
  const experiment = await change.records.experiment(name);
  if (experiment?.state !== 'draft') return [];
  try {
    await moveExperiment(change, experiment, { action: 'start', reason: 'validation' });
    await renewSnapshot(change.records, change.nowS);
    return [];
  } catch (error) {
    const { code, field, reason } = problemOf(error, 'spec');
    return [{ ...warning(field, `it could not be started now: ${reason}`), code }];
  }
}

async function applyDocument(
  change: Change,
  document: ExperimentsDocument,
  collect?: (problems: readonly Problem[]) => void,
): Promise<Applied> {
  const { kind, metadata } = document;
  if (document.kind === 'Experiment') return applyExperiment(change, document, collect);
  const { records } = change;
  const { name } = metadata;
  const known = document.kind === 'Layer' ? await records.layers() : await records.metrics();
  const before = known.find((one) => one.name === name);
  refuseConflict(kind, metadata, before?.resourceVersion ?? 0);
  const applied = { kind, name, version: null, warnings: [] };
  if (before !== undefined && isDeepStrictEqual(before.spec, document.spec)) {
    return { ...applied, outcome: 'unchanged', resourceVersion: before.resourceVersion };
  }
  if (document.kind === 'Metric' && change.builtInMetrics.has(name)) throw inUse(kind, name, 'it is built in');
  if (before !== undefined) await refuseInUse(change, kind, name);
  const resourceVersion = (before?.resourceVersion ?? 0) + 1;
  if (document.kind === 'Layer') await records.putLayer({ name, spec: document.spec, resourceVersion });
  else await records.putMetric({ name, spec: document.spec, resourceVersion });
  const outcome = before === undefined ? 'created' : 'updated';
  await logChange(change, { kind, name, outcome, before: before?.spec ?? null, after: document.spec });
  return { ...applied, outcome, resourceVersion };
}

/** @throws `document_not_found`, `document_in_use`, `version_conflict` */
export async function deleteDocument(
  change: Change,
  { kind, name, resourceVersion }: { kind: DocumentKind; name: string; resourceVersion?: number },
): Promise<void> {
  const { records } = change;
  const lists = {
    Layer: () => records.layers(),
    Metric: () => records.metrics(),
    Experiment: () => records.experiments(),
  };
  const found = (await lists[kind]()).find((one) => one.name === name);
  if (found === undefined) {
    if (kind === 'Metric' && change.builtInMetrics.has(name)) throw inUse(kind, name, 'it is built in');
    throw new ShortlistError('document_not_found', { kind, name });
  }
  refuseConflict(kind, { name, ...(resourceVersion === undefined ? {} : { resourceVersion }) }, found.resourceVersion);
  if (kind === 'Layer' && name === 'default') throw inUse(kind, name, 'it is always there');
  if ('state' in found && found.state !== 'draft') throw inUse(kind, name, 'it has run, and its history is kept');
  if (kind !== 'Experiment') await refuseNamed(change, kind, name);
  if (kind === 'Layer') await records.deleteLayer(name);
  else if (kind === 'Metric') await records.deleteMetric(name);
  else await records.deleteExperiment(name);
  const before = 'spec' in found ? found.spec : found.current.spec;
  await logChange(change, { kind, name, outcome: 'deleted', before, after: null });
}

async function logChange(
  { records, actor, nowS }: Change,
  {
    kind,
    name,
    outcome,
    before,
    after,
  }: { kind: DocumentKind; name: string; outcome: 'created' | 'updated' | 'deleted'; before: unknown; after: unknown },
): Promise<void> {
  const message = `${kind} ${name} was ${outcome}`;
  await records.addLog({ atS: nowS, actor, action: outcome, kind, name, version: null, message, before, after });
}

const inOrder = (documents: readonly ExperimentsDocument[]): ExperimentsDocument[] =>
  [...documents].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));

const inUse = (kind: DocumentKind, name: string, reason: string) =>
  new ShortlistError('document_in_use', { kind, name, reason });

/** Units of a running experiment would move, or its numbers would change their meaning. */
async function refuseInUse({ records }: Change, kind: DocumentKind, name: string): Promise<void> {
  const running = (await records.experiments()).filter(
    ({ state }) => state === 'running' || state === 'needs_attention',
  );
  const users = running.filter(({ current: { spec } }) => namesOf(kind, spec).includes(name));
  if (users.length > 0) throw inUse(kind, name, `${users.map((one) => one.name).join(', ')} runs with it`);
}

async function refuseNamed({ records }: Change, kind: DocumentKind, name: string): Promise<void> {
  const users = (await records.experiments()).filter(({ current: { spec } }) => namesOf(kind, spec).includes(name));
  if (users.length > 0) throw inUse(kind, name, `${users.map((one) => one.name).join(', ')} names it`);
}

function namesOf(kind: DocumentKind, { layer, metrics }: Extract<ExperimentsDocument, { kind: 'Experiment' }>['spec']) {
  return kind === 'Layer' ? [layer] : [...metrics.success, ...metrics.guardrails.map(({ metric }) => metric)];
}
