import type { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { RejectedStore } from '@shortlist/core/stores/rejected-store.ts';
import { aroundBadData } from '../around-bad-data.ts';
import type { IntakeObserver } from '../events/event-intake.ts';
import type { Incoming } from '../events/read-body.ts';
import { GroupCommit } from '../group-commit.ts';
import { countOutcomes, keepRejected, rejectionOf, type Outcome } from '../rejections.ts';
import type { AcceptedRecord } from './accept-record.ts';
import { commitRecords } from './commit-records.ts';

/** Most records of one request, and of one commit. */
export const RECORDS_MAX = 5_000;
/** Under which rejected records are kept beside rejected events. */
export const RECORDS_SOURCE = 'records';

export interface RecordIntakeOptions {
  readonly lanes: readonly LogLane[];
  readonly rejected: RejectedStore;
  readonly accept: (value: unknown) => AcceptedRecord;
  readonly queueMax: number;
  readonly observer?: IntakeObserver;
}

/** Takes what pods record: each line by itself, the good ones committed together, the bad ones kept with their reason. */
export class RecordIntake {
  readonly #options: RecordIntakeOptions;
  readonly #commits: GroupCommit<AcceptedRecord, number | ShortlistError>;

  constructor(options: RecordIntakeOptions) {
    this.#options = options;
    this.#commits = new GroupCommit({
      commits: options.lanes.map((lane) => (records) => aroundBadData((some) => commitRecords(lane, some), records)),
      entriesMax: RECORDS_MAX,
      queueMax: options.queueMax,
      onCommit: (records, ms) => options.observer?.commit(records, ms),
    });
  }

  /** Records that wait for their commit. */
  get depth(): number {
    return this.#commits.depth;
  }

  /**
   * Resolves when all that was accepted, and all that was rejected, is on disk; parallel to `incoming`. Throws
   * `overloaded` and `database_*`: then nothing of it is acknowledged, and the pod sends it again.
   */
  async take(incoming: readonly Incoming[]): Promise<readonly Outcome[]> {
    const outcomes = new Array<Outcome>(incoming.length);
    const records: AcceptedRecord[] = [];
    const places: number[] = [];
    incoming.forEach((one, i) => {
      try {
        if ('error' in one) throw one.error;
        records.push(this.#options.accept(one.value));
        places.push(i);
      } catch (error) {
        outcomes[i] = rejectionOf(one, error);
      }
    });
    const committed = await this.#commits.submit(records);
    committed.forEach((result, at) => {
      outcomes[places[at]!] =
        typeof result === 'number'
          ? { status: result === 1 ? 'accepted' : 'duplicate' }
          : { status: 'rejected', stage: 'store', error: result };
    });
    const { rejected, observer } = this.#options;
    await keepRejected(rejected, incoming, outcomes, RECORDS_SOURCE);
    if (observer !== undefined) countOutcomes(outcomes, observer.outcome.bind(observer));
    return outcomes;
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    return this.#commits.drained();
  }
}
