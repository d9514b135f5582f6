import type { RetractPayload } from '../contracts/log.ts';

/** One day of events. */
export interface EventPartition {
  /** UTC day, from 1970-01-01. */
  readonly day: number;
  /** An estimate; 0 where nothing is known. */
  readonly eventsEstimate: number;
  /** On disk, indexes included. */
  readonly bytes: number;
}

export interface DroppedDay {
  readonly events: number;
  readonly impressions: number;
  /** What to take back, in messages of at most 5,000 events. */
  readonly retractions: readonly RetractPayload[];
}

/** What grows for ever unless it is cut. */
export interface RetentionStore {
  /** The days that have a partition, oldest first. */
  partitions(): Promise<readonly EventPartition[]>;
  /** Days before `day` that hold events or slates, oldest first. */
  daysBefore(day: number): Promise<readonly number[]>;
  /**
   * Drops one day of events and slates (they count as impressions), with what experiments see of these. Oldest first, so
   * that what takes the place of a first purchase is among the days that stay. Run it in `LogLane.write` and tell each of `retractions` (kind retract). In PostgreSQL it gives up
   * (`55P03`) when somebody reads the log for seconds: nothing has changed then.
   */
  dropDay(day: number): Promise<DroppedDay>;
  /**
   * Forgets, of the time before `beforeDay`: the ids of events (one that comes again is a new one then), exposures and
   * webhook receipts. Returns how many of each, by table.
   */
  forgetBefore(beforeDay: number): Promise<Readonly<Record<string, number>>>;
  /**
   * Drops batches of the log that every consumer has passed and that were written before (unix seconds), and writers
   * that are gone; returns how many batches.
   */
  pruneLog(beforeS: number): Promise<number>;
}
