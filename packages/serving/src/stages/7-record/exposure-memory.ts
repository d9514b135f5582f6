import { LRUCache } from 'lru-cache';
import type { Enrolment } from '@shortlist/core/assignment/enrolment.ts';

/** Said again after this long, so that one that was lost on its way is not lost for good. */
const AGAIN_MS = 3_600_000;

/** Which exposures this process has recorded lately; the log keeps the first of each, this spares it the others. */
export class ExposureMemory {
  readonly #seen: LRUCache<string, true>;

  constructor(entriesMax: number) {
    this.#seen = new LRUCache({ max: entriesMax, ttl: AGAIN_MS });
  }

  /** True the first time. */
  isNew({ experiment, version, unit, served }: Enrolment): boolean {
    // Names of experiments and variants have no line breaks; ids of shoppers come last.
    const key = `${experiment}\n${version}\n${served}\n${unit}`;
    if (this.#seen.has(key)) return false;
    this.#seen.set(key, true);
    return true;
  }

  /** After records were lost: all are new again. */
  clear(): void {
    this.#seen.clear();
  }
}
