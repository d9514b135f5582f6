import type { ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import { readDocument } from '@shortlist/experiments/documents/read-documents.ts';

type ExperimentDocument = Extract<ExperimentsDocument, { kind: 'Experiment' }>;

/** A spec as it is written, before defaults. */
export const specOf = (changes: object = {}): Record<string, unknown> => ({
  layer: 'default',
  variants: [
    { name: 'control', weight: 0.5 },
    { name: 'diverse', weight: 0.5, parameters: { diversity: { lambda: 0.6 } } },
  ],
  metrics: { success: ['click-through-rate'], guardrails: [{ metric: 'error-rate' }] },
  ...changes,
});

export const documentOf = (name: string, changes: object = {}, metadata: object = {}): object => ({
  apiVersion: 'shortlist.dev/v1alpha1',
  kind: 'Experiment',
  metadata: { name, ...metadata },
  spec: specOf(changes),
});

/** With its defaults. */
export const experimentOf = (name: string, changes: object = {}, metadata: object = {}): ExperimentDocument =>
  readDocument(structuredClone(documentOf(name, changes, metadata))) as ExperimentDocument;
