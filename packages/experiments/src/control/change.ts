import type { Channel } from '../announcements/announcement.ts';
import type { MetricSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentRecords } from '@shortlist/core/stores/experiment-store.ts';

/** What every change works with, inside its transaction. */
export interface Change {
  readonly records: ExperimentRecords;
  /** `service`, or who. */
  readonly actor: string;
  /** Unix seconds, by the clock of the shop. */
  readonly nowS: number;
  readonly builtInMetrics: ReadonlyMap<string, MetricSpec>;
  /** Releases of the dataset; null where no registry is at hand. */
  readonly releases: ReadonlySet<string> | null;
  /** Version and commit of this service. */
  readonly codeVersion: string;
  /** Where decisions are announced. */
  readonly channels: readonly Channel[];
}

export const SERVICE = 'service';
