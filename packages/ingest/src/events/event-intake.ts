import { EVENT_TYPES } from '@shortlist/core/contracts/events.ts';
import type { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { LANE_EVENTS_MAX, type LogLane } from '@shortlist/core/stores/event-log.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import type { RejectedStore } from '@shortlist/core/stores/rejected-store.ts';
import { aroundBadData } from '../around-bad-data.ts';
import { GroupCommit } from '../group-commit.ts';
import { countOutcomes, keepRejected, rejectionOf, type Outcome, type Rejection } from '../rejections.ts';
import type { Incoming } from './read-body.ts';

/** What became of one event. */
export type EventOutcome = Rejection | { readonly status: 'accepted' | 'duplicate'; readonly eventId: string };

/** Told of commits, and of what became of what came in. */
export interface IntakeObserver {
  commit(entries: number, ms: number): void;
  outcome(status: Outcome['status'], stage: string, count: number): void;
  /** So many events of a type (its code) were stored. */
  stored?(type: number, count: number): void;
}

export interface EventIntakeOptions {
  readonly lanes: readonly LogLane[];
  readonly rejected: RejectedStore;
  readonly accept: (value: unknown) => NewEvent;
  readonly queueMax: number;
  readonly observer?: IntakeObserver;
}

/** Takes events in: validates each by itself, commits the good ones together, keeps the bad ones with their reason. */
export class EventIntake {
  readonly #options: EventIntakeOptions;
  readonly #commits: GroupCommit<NewEvent, number | ShortlistError>;

  constructor(options: EventIntakeOptions) {
    this.#options = options;
    this.#commits = new GroupCommit({
      commits: options.lanes.map(
        (lane) => (events) => aroundBadData(async (some) => Array.from(await lane.append(some)), events),
      ),
      entriesMax: LANE_EVENTS_MAX,
      queueMax: options.queueMax,
      onCommit: (events, ms) => options.observer?.commit(events, ms),
    });
  }

  /** Events that wait for their commit. */
  get depth(): number {
    return this.#commits.depth;
  }

  /**
   * Resolves when all that was accepted, and all that was rejected, is on disk; parallel to `incoming`. Throws
   * `overloaded` and `database_*`: then nothing of it is acknowledged, and the sender sends it again.
   */
  async take(incoming: readonly Incoming[], source: string): Promise<readonly EventOutcome[]> {
    const outcomes = new Array<EventOutcome>(incoming.length);
    const events: NewEvent[] = [];
    const places: number[] = [];
    incoming.forEach((one, i) => {
      try {
        if ('error' in one) throw one.error;
        events.push(this.#options.accept(one.value));
        places.push(i);
      } catch (error) {
        outcomes[i] = rejectionOf(one, error);
      }
    });
    const committed = await this.#commits.submit(events);
    this.#countStored(events, committed);
    committed.forEach((result, at) => {
      const { eventId } = events[at]!;
      outcomes[places[at]!] =
        typeof result === 'number'
          ? { status: result === 1 ? 'accepted' : 'duplicate', eventId }
          : { status: 'rejected', stage: 'store', error: result };
    });
    const { rejected, observer } = this.#options;
    await keepRejected(rejected, incoming, outcomes, source);
    if (observer !== undefined) countOutcomes(outcomes, observer.outcome.bind(observer));
    return outcomes;
  }

  /**
   * Commits events that are known to be sound, in the same groups: 1 = stored now, 0 = duplicate. At most
   * `LANE_EVENTS_MAX`.
   */
  async append(events: readonly NewEvent[]): Promise<readonly (0 | 1)[]> {
    const results = await this.#commits.submit(events);
    this.#countStored(events, results);
    return results.map((result) => {
      if (typeof result !== 'number') throw result;
      return result === 1 ? 1 : 0;
    });
  }

  /** Duplicates are not counted again. */
  #countStored(events: readonly NewEvent[], results: readonly (number | ShortlistError)[]): void {
    const { observer } = this.#options;
    if (observer?.stored === undefined) return;
    const counts = new Uint32Array(EVENT_TYPES.length);
    results.forEach((result, i) => {
      if (result === 1) counts[events[i]!.type]! += 1;
    });
    counts.forEach((count, type) => {
      if (count > 0) observer.stored!(type, count);
    });
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    return this.#commits.drained();
  }
}
