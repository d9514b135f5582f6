import type { ClientBase } from 'pg';
import type { AnalysisDefinition } from './definition.ts';
import type { ReadPosition } from './read-position.ts';

/** One bringing up to date of an analysis, in one transaction. */
export interface Refresh {
  readonly client: ClientBase;
  /** Of table `analyses`. */
  readonly id: number;
  /** The unit table. */
  readonly table: string;
  readonly definition: AnalysisDefinition;
  /** No event before it matters. */
  readonly fromS: number;
  readonly startedAt: ReadPosition;
}
