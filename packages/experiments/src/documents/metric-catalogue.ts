import { readFileSync } from 'node:fs';
import type { MetricSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentRecords } from '@shortlist/core/stores/experiment-store.ts';
import { readDocuments } from './read-documents.ts';

const FILE = new URL('../../metrics.yaml', import.meta.url);

/** The metrics that every shop has: packages/experiments/metrics.yaml. Their names are taken. */
export function loadBuiltInMetrics(text: string = readFileSync(FILE, 'utf8')): ReadonlyMap<string, MetricSpec> {
  return new Map(
    readDocuments(text).map((document) => {
      if (document.kind !== 'Metric') throw new Error(`metrics.yaml holds a ${document.kind}`);
      return [document.metadata.name, document.spec];
    }),
  );
}

/** Every metric there is, by name: the built-in ones and the owner's. */
export async function allMetrics(
  builtIn: ReadonlyMap<string, MetricSpec>,
  records: Pick<ExperimentRecords, 'metrics'>,
): Promise<ReadonlyMap<string, MetricSpec>> {
  const own = await records.metrics();
  return new Map([...own.map(({ name, spec }) => [name, spec] as const), ...builtIn]);
}
