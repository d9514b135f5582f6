import type { DocumentKind } from '@shortlist/core/contracts/experiment.ts';
import type { Problem } from '../documents/problem.ts';

/** What became of one document. */
export interface Applied {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly resourceVersion: number;
  /** Configuration version of an experiment; else null. */
  readonly version: number | null;
  readonly warnings: readonly Problem[];
}
