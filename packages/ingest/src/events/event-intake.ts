import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { LANE_EVENTS_MAX, type LogLane } from '@shortlist/core/stores/event-log.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import type { NewRejected, RejectedStore } from '@shortlist/core/stores/rejected-store.ts';
import { GroupCommit } from '../group-commit.ts';
import type { RejectionStage } from './accept-event.ts';
import type { Incoming } from './read-body.ts';

/** What became of one event. */
export type EventOutcome =
  | { readonly status: 'accepted' | 'duplicate'; readonly eventId: string }
  | { readonly status: 'rejected'; readonly stage: RejectionStage; readonly error: ShortlistError };

export interface EventIntakeOptions {
  readonly lanes: readonly LogLane[];
  readonly rejected: RejectedStore;
  readonly accept: (value: unknown) => NewEvent;
  readonly queueMax: number;
  readonly observer?: {
    commit(events: number, ms: number): void;
    outcome(status: EventOutcome['status'], stage: string, count: number): void;
  };
}

/** PostgreSQL's "this value cannot be": what validation let through and the store cannot hold. */
const isData = (error: unknown): boolean => /^22|^23502|^23514/.test((error as { code?: string }).code ?? '');

/** Takes events in: validates each by itself, commits the good ones together, keeps the bad ones with their reason. */
export class EventIntake {
  readonly #options: EventIntakeOptions;
  readonly #commits: GroupCommit<NewEvent, number | ShortlistError>;

  constructor(options: EventIntakeOptions) {
    this.#options = options;
    this.#commits = new GroupCommit({
      commits: options.lanes.map((lane) => (events) => appendAround(lane, events)),
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
        if (!(error instanceof ShortlistError)) throw error;
        outcomes[i] = { status: 'rejected', stage: stageOf(one, error), error };
      }
    });
    const committed = await this.#commits.submit(events);
    committed.forEach((result, at) => {
      const { eventId } = events[at]!;
      outcomes[places[at]!] =
        typeof result === 'number'
          ? { status: result === 1 ? 'accepted' : 'duplicate', eventId }
          : { status: 'rejected', stage: 'store', error: result };
    });
    await this.#keepRejected(incoming, outcomes, source);
    this.#count(outcomes);
    return outcomes;
  }

  /**
   * Commits events that are known to be sound, in the same groups: 1 = stored now, 0 = duplicate. At most
   * `LANE_EVENTS_MAX`.
   */
  async append(events: readonly NewEvent[]): Promise<readonly (0 | 1)[]> {
    const results = await this.#commits.submit(events);
    return results.map((result) => {
      if (typeof result !== 'number') throw result;
      return result === 1 ? 1 : 0;
    });
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    return this.#commits.drained();
  }

  async #keepRejected(incoming: readonly Incoming[], outcomes: readonly EventOutcome[], source: string): Promise<void> {
    const rejected: NewRejected[] = [];
    outcomes.forEach((outcome, i) => {
      if (outcome.status !== 'rejected') return;
      const { stage, error } = outcome;
      rejected.push({ source, stage, code: error.code, reason: error.message, payload: incoming[i]!.bytes() });
    });
    if (rejected.length > 0) await this.#options.rejected.add(rejected);
  }

  #count(outcomes: readonly EventOutcome[]): void {
    const { observer } = this.#options;
    if (observer === undefined) return;
    const counts = new Map<string, number>();
    for (const outcome of outcomes) {
      const key = outcome.status === 'rejected' ? `rejected/${outcome.stage}` : `${outcome.status}/`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts) {
      const [status, stage] = key.split('/') as [EventOutcome['status'], string];
      observer.outcome(status, stage, count);
    }
  }
}

function stageOf(one: Incoming, error: ShortlistError): RejectionStage {
  if ('error' in one) return 'parse';
  return error.code === 'event_in_future' || error.code === 'event_too_old' ? 'time' : 'validate';
}

/**
 * Appends, and when the store cannot hold a value looks for the event that carries it by halving: its neighbours are
 * stored, it is rejected. 1 = stored now, 0 = duplicate.
 */
async function appendAround(lane: LogLane, events: readonly NewEvent[]): Promise<readonly (number | ShortlistError)[]> {
  try {
    return Array.from(await lane.append(events));
  } catch (cause) {
    if (!isData(cause)) throw cause;
    if (events.length === 1) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return [new ShortlistError('event_not_storable', { reason }, { cause })];
    }
    const half = Math.ceil(events.length / 2);
    return [...(await appendAround(lane, events.slice(0, half))), ...(await appendAround(lane, events.slice(half)))];
  }
}
