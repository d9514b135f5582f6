/** One event on its way into the log. Optional fields are null when unknown. */
export interface NewEvent {
  /** Names the event once and for all: a second one with the same id is the same event and is not stored again. */
  readonly eventId: string;
  /** One of user and session is not null. */
  readonly userId: string | null;
  readonly sessionId: string | null;
  /** '' for an event without an item (search). */
  readonly itemId: string;
  /** Code of contracts/events.ts. */
  readonly type: number;
  /** The shop's own name of the type, when it has one; `type` is then the built-in that serves in its place. */
  readonly customType?: string | null;
  /** What was searched for. */
  readonly query?: string | null;
  /** Unix seconds, kept to the microsecond. */
  readonly occurredAtS: number;
  /** Price, rating, ...: what the event is worth. */
  readonly value: number | null;
  readonly quantity: number | null;
  readonly surface: string | null;
  readonly device: string | null;
  readonly requestId: string | null;
  /** 1-based place in the slate of `requestId`. */
  readonly position: number | null;
}

export interface AppendCounts {
  readonly inserted: number;
  /** Already there by id, or twice in the batch. */
  readonly duplicates: number;
  /** Those of the duplicates that differ from what is stored: another event under a name that was taken. */
  readonly conflicts: number;
}

/** A stretch of the log in (time, arrival) order, as parallel arrays of `count`. */
export interface EventBatch {
  readonly count: number;
  /** Arrival numbers: they break ties of time and are no count of anything. */
  readonly seqs: Float64Array;
  readonly userIds: readonly (string | null)[];
  readonly sessionIds: readonly (string | null)[];
  readonly itemIds: readonly string[];
  /** Codes of contracts/events.ts. */
  readonly types: Uint8Array;
  /** Unix seconds, ascending. */
  readonly timesS: Float64Array;
  /** NaN where unknown. */
  readonly values: Float32Array;
  /** NaN where unknown. */
  readonly quantities: Float32Array;
  /** 0 where unknown. */
  readonly positions: Int16Array;
  readonly requestIds: readonly (string | null)[];
}

export interface StreamRange {
  /** Only events at or after; all when absent. Unix seconds. */
  readonly fromS?: number;
  /** Only events before; all when absent. Unix seconds. */
  readonly beforeS?: number;
  /** Events per batch; default 20,000. */
  readonly batchMax?: number;
}

export interface EventSummary {
  readonly events: number;
  readonly users: number;
  /** Distinct sessions of events without a user. */
  readonly anonymousSessions: number;
  /** Unix seconds of the first and last event; NaN when there is none. */
  readonly firstS: number;
  readonly lastS: number;
}

/** Events on their way into `append`, which works out of them what needs no database (hashing, encoding) as they come. */
export interface PreparedEvents {
  readonly count: number;
  add(event: NewEvent): void;
  /** Works out what needs all of them (sorting). Nothing may be added after it. */
  finish(): void;
}

/** The event log: append-only, idempotent by event id. */
export interface EventStore {
  /** An empty collection for `append`, to be filled while the database is busy with something else. */
  prepare(): PreparedEvents;
  /** Appends those that are not there yet, all or none. In bulk: consumers of the log are not told. */
  append(events: readonly NewEvent[] | PreparedEvents): Promise<AppendCounts>;
  /** Streams in (time, arrival) order from one consistent view: events appended meanwhile are not in it. */
  stream(range?: StreamRange): AsyncIterable<EventBatch>;
  summary(): Promise<EventSummary>;
}
