import type { LogOffsets } from '../contracts/log.ts';
import type { LogPlace } from './event-log.ts';

/** That a unit met an experiment. */
export interface Exposure {
  readonly experiment: string;
  /** Configuration version. */
  readonly version: number;
  /** `u:<user id>` or `s:<session id>`. */
  readonly unit: string;
  /** Variant that the hash chose, and the one that answered. */
  readonly assigned: string;
  readonly served: string;
  /** Why they differ; null when they do not. */
  readonly reason: string | null;
  readonly release: string;
  /** Ramp step that held, from 0. */
  readonly phase: number;
  /** Unix seconds, kept to the microsecond. */
  readonly exposedAtS: number;
  readonly requestId: string;
}

export interface StoredExposure extends Exposure, LogPlace {}

/** The earliest exposure of each experiment, version, unit and served variant. */
export interface ExposureStore {
  /**
   * Stores those that are new, and those that were earlier than the one that is kept. Run it in `LogLane.write`: they
   * get the place of the message that it tells. Returns 1 for each that is kept now, 0 for a duplicate; parallel.
   */
  record(exposures: readonly Exposure[], place: LogPlace): Promise<Uint8Array>;
  /**
   * Those behind `offsets`, each writer's in the order of its batches: whoever sets `offsets[writer] = batch` of what it
   * has read misses none, whatever commits meanwhile. One that turned out to be earlier comes again.
   */
  after(offsets: LogOffsets): AsyncIterable<readonly StoredExposure[]>;
  count(): Promise<number>;
}

/** What parts one exposure from another, as one text. */
export const exposureKey = (of: Pick<Exposure, 'experiment' | 'version' | 'unit' | 'served'>): string =>
  JSON.stringify([of.experiment, of.version, of.unit, of.served]);

/** Of several with one key in a batch the earliest counts; indexes of those that do, by key. */
export function earliestOf(exposures: readonly Exposure[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const [i, exposure] of exposures.entries()) {
    const key = exposureKey(exposure);
    const known = first.get(key);
    if (known === undefined || exposure.exposedAtS < exposures[known]!.exposedAtS) first.set(key, i);
  }
  return first;
}
