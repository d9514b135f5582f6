import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { Profile } from '@shortlist/core/contracts/profile.ts';
import type { Stores } from '@shortlist/core/stores/stores.ts';
import type { Item } from '@shortlist/core/stores/item-store.ts';
import { GrowingArray } from './growing-array.ts';

/** One shown slate with numbers for ids. `rows` are catalogue rows in position order, -1 for items that are gone. */
export interface Slate {
  readonly request: number;
  readonly actor: number;
  readonly timeS: number;
  readonly surface: string;
  readonly device: string;
  readonly category: string | null;
  readonly rows: Int32Array;
  readonly propensities: Float32Array;
}

/**
 * The event log as columns in (time, arrival) order, about 25 bytes an event, read from the store once and shared by all
 * folds: a fold is the prefix before its cut-off. Catalogue rows are in the order of the item store.
 */
export interface TrainingLog {
  readonly items: readonly Item[];
  /** Users and anonymous sessions, numbered in order of their first event. */
  readonly actorCount: number;
  /** Their names by number: `u:<user id>` or `s:<session id>`. */
  readonly actorKeys: readonly string[];
  readonly count: number;
  readonly actors: Int32Array;
  readonly rows: Int32Array;
  /** Codes of contracts/events.ts. */
  readonly types: Uint8Array;
  readonly timesS: Float64Array;
  /** Number of the slate that led to the event, -1 for none; and the 1-based position on it. */
  readonly requests: Int32Array;
  readonly positions: Int16Array;
  readonly slates: readonly Slate[];
  /** Events left out because their item is not in the catalogue. */
  readonly unknownItems: number;
}

/** An actor's name, apart for users and sessions; the same rule as the profile store's unit. */
export const actorKey = (userId: string | null, sessionId: string | null): string =>
  userId === null ? `s:${sessionId ?? ''}` : `u:${userId}`;

/**
 * Reads catalogue, slates and events before `beforeS` (all when absent) from the stores. An item created at or after
 * `beforeS` did not exist then: whoever asks what would have been known at that time must not meet it.
 * `progress(events, rate)` is told now and then; rate in events/s.
 */
export async function readTrainingLog(
  stores: Pick<Stores, 'items' | 'events' | 'impressions'>,
  options: { beforeS?: number; progress?: (events: number, perSecond: number) => void } = {},
): Promise<TrainingLog> {
  const { beforeS = Infinity } = options;
  const range = options.beforeS === undefined ? {} : { beforeS };
  const items: Item[] = [];
  for await (const batch of stores.items.stream())
    for (const item of batch) if (item.createdAtS < beforeS) items.push(item);
  const rowOf = new Map(items.map((item, row) => [item.itemId, row]));

  const actorOf = new Map<string, number>();
  const numberOf = (userId: string | null, sessionId: string | null): number => {
    const key = actorKey(userId, sessionId);
    const known = actorOf.get(key);
    if (known !== undefined) return known;
    actorOf.set(key, actorOf.size);
    return actorOf.size - 1;
  };

  const slates: Slate[] = [];
  const requestOf = new Map<string, number>();
  for await (const batch of stores.impressions.stream(range))
    for (const shown of batch) {
      requestOf.set(shown.requestId, slates.length);
      slates.push({
        request: slates.length,
        actor: numberOf(shown.userId, shown.sessionId),
        timeS: shown.occurredAtS,
        surface: shown.surface,
        device: shown.device,
        category: shown.category,
        rows: Int32Array.from(shown.itemIds, (id) => rowOf.get(id) ?? -1),
        propensities: shown.propensities,
      });
    }

  const actors = new GrowingArray((length) => new Int32Array(length));
  const rows = new GrowingArray((length) => new Int32Array(length));
  const types = new GrowingArray((length) => new Uint8Array(length));
  const timesS = new GrowingArray((length) => new Float64Array(length));
  const requests = new GrowingArray((length) => new Int32Array(length));
  const positions = new GrowingArray((length) => new Int16Array(length));
  let unknownItems = 0;
  const started = performance.now();
  for await (const batch of stores.events.stream(range)) {
    for (let e = 0; e < batch.count; e++) {
      const row = rowOf.get(batch.itemIds[e]!);
      const type = batch.types[e]!;
      if (row === undefined) {
        // A search names no item; anything else without one is an item that left the catalogue.
        if (type !== EVENT_CODE.search) unknownItems += 1;
        continue;
      }
      actors.push(numberOf(batch.userIds[e]!, batch.sessionIds[e]!));
      rows.push(row);
      types.push(type);
      timesS.push(batch.timesS[e]!);
      const request = batch.requestIds[e];
      requests.push(request == null ? -1 : (requestOf.get(request) ?? -1));
      positions.push(batch.positions[e]!);
    }
    options.progress?.(actors.length, (actors.length / Math.max(1, performance.now() - started)) * 1000);
  }
  return {
    items,
    actorCount: actorOf.size,
    actorKeys: [...actorOf.keys()],
    count: actors.length,
    actors: actors.view(),
    rows: rows.view(),
    types: types.view(),
    timesS: timesS.view(),
    requests: requests.view(),
    positions: positions.view(),
    slates,
    unknownItems,
  };
}

/** Number of events strictly before `timeS`. O(log events). */
export function countBefore(log: Pick<TrainingLog, 'timesS' | 'count'>, timeS: number): number {
  let low = 0;
  let high = log.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (log.timesS[middle]! < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The log by actor: what a profile store would have answered at any past moment. */
export class ActorHistory {
  readonly #log: TrainingLog;
  /** Events of actor a, in log order: #events[#starts[a] .. #starts[a + 1]). */
  readonly #starts: Int32Array;
  readonly #events: Int32Array;

  constructor(log: TrainingLog) {
    this.#log = log;
    this.#starts = new Int32Array(log.actorCount + 1);
    for (const actor of log.actors) this.#starts[actor + 1]! += 1;
    for (let a = 0; a < log.actorCount; a++) this.#starts[a + 1]! += this.#starts[a]!;
    const next = this.#starts.slice();
    this.#events = new Int32Array(log.count);
    for (let e = 0; e < log.count; e++) this.#events[next[log.actors[e]!]!++] = e;
  }

  /** Index of the actor's first event at or after `timeS`, within `eventsOf(actor)`. */
  #firstFrom(actor: number, timeS: number): number {
    let low = this.#starts[actor]!;
    let high = this.#starts[actor + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#log.timesS[this.#events[middle]!]! < timeS) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last `max` events of `actor` before `nowS`, oldest first: its profile at that moment. */
  profileAt(actor: number, nowS: number, max: number): Profile {
    const end = this.#firstFrom(actor, nowS);
    const events = this.#events.subarray(Math.max(this.#starts[actor]!, end - max), end);
    const profile: Profile = {
      length: events.length,
      rows: new Int32Array(events.length),
      types: new Uint8Array(events.length),
      timesS: new Float64Array(events.length),
    };
    for (let i = 0; i < events.length; i++) {
      const event = events[i]!;
      profile.rows[i] = this.#log.rows[event]!;
      profile.types[i] = this.#log.types[event]!;
      profile.timesS[i] = this.#log.timesS[event]!;
    }
    return profile;
  }

  /** Log indexes of the events of `actor` in [fromS, untilS). */
  between(actor: number, fromS: number, untilS: number): Int32Array {
    return this.#events.subarray(this.#firstFrom(actor, fromS), this.#firstFrom(actor, untilS));
  }

  eventCount(actor: number): number {
    return this.#starts[actor + 1]! - this.#starts[actor]!;
  }
}
