import type { LogOffsets } from '../contracts/log.ts';
import type { LogMessage } from './event-log.ts';

/** One committed batch of one writer. */
export type LogBatch = LogMessage & {
  readonly writer: number;
  readonly batch: number;
  /** Start of its transaction, unix seconds. */
  readonly createdAtS: number;
  /** Events in it; 1 for other kinds. */
  readonly count: number;
};

/** The read side of the log. */
export interface LogTail {
  /**
   * Batches after `offsets`, every writer's in its order without a gap, writers taking turns; empty when there is
   * nothing new. At least one batch, and about `eventsMax` events. Whoever has worked in a batch sets
   * `offsets[writer] = batch`.
   */
  read(offsets: LogOffsets, eventsMax: number): Promise<readonly LogBatch[]>;
  /** The last batch of every writer that is visible now: in `TransactionalStores.snapshot`, what its data include. */
  offsetsNow(): Promise<LogOffsets>;
}
