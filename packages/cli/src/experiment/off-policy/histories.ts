import type { Pool } from 'pg';
import type { KeyedProfileEvents, ProfileStore, ProfileUnit } from '@shortlist/core/stores/profile-store.ts';
import { unitKeyOf } from '@shortlist/core/stores/profile-store.ts';
import type { LoggedSlate } from './logged-slates.ts';

/** All events of a unit, oldest first. */
interface History {
  readonly itemIds: string[];
  readonly types: number[];
  readonly timesS: number[];
}

const EVENTS = `
SELECT user_id, session_id, item_id, type, date_part('epoch', occurred_at) AS occurred_s FROM events
WHERE occurred_at < to_timestamp($1::float8) AND (user_id = ANY($2) OR session_id = ANY($3)) ORDER BY occurred_at, seq`;

interface Row {
  readonly user_id: string | null;
  readonly session_id: string | null;
  readonly item_id: string;
  readonly type: number;
  readonly occurred_s: number;
}

/** Profiles as they were at a moment: what a pod knew when it showed a slate, not what has happened since. */
export class Histories implements ProfileStore {
  readonly #events: ReadonlyMap<string, History>;
  /** Until when, by unit; units are asked for one moment at a time. */
  readonly #untilS = new Map<string, number>();

  private constructor(events: ReadonlyMap<string, History>) {
    this.#events = events;
  }

  /** Of everybody who was shown one of the slates. */
  static async read(pool: Pool, slates: readonly LoggedSlate[]): Promise<Histories> {
    const users = new Set(slates.flatMap(({ userId }) => userId ?? []));
    const sessions = new Set(slates.flatMap(({ sessionId }) => sessionId ?? []));
    const untilS = slates.reduce((latest, { occurredAtS }) => Math.max(latest, occurredAtS), 0);
    const { rows } = await pool.query<Row>(EVENTS, [untilS, [...users], [...sessions]]);
    const events = new Map<string, History>();
    const add = (unit: ProfileUnit, { item_id: itemId, type, occurred_s: timeS }: Row) => {
      const key = unitKeyOf(unit);
      let history = events.get(key);
      if (history === undefined) events.set(key, (history = { itemIds: [], types: [], timesS: [] }));
      history.itemIds.push(itemId);
      history.types.push(type);
      history.timesS.push(timeS);
    };
    for (const row of rows) {
      if (row.user_id !== null && users.has(row.user_id)) add({ userId: row.user_id }, row);
      if (row.session_id !== null && sessions.has(row.session_id)) add({ sessionId: row.session_id }, row);
    }
    return new Histories(events);
  }

  /** From now on `unit` is as it was before `timeS`. */
  standAt(unit: ProfileUnit, timeS: number): void {
    this.#untilS.set(unitKeyOf(unit), timeS);
  }

  recent(unit: ProfileUnit, max: number): Promise<KeyedProfileEvents> {
    const key = unitKeyOf(unit);
    const { itemIds, types, timesS } = this.#events.get(key) ?? { itemIds: [], types: [], timesS: [] };
    const until = firstFrom(timesS, this.#untilS.get(key) ?? 0);
    const from = Math.max(0, until - max);
    return Promise.resolve({
      itemIds: itemIds.slice(from, until),
      types: Uint8Array.from(types.slice(from, until)),
      timesS: Float64Array.from(timesS.slice(from, until)),
      // No copy is kept here: any distinct names will do.
      keys: Array.from({ length: until - from }, (_, i) => (from + i).toString(16).padStart(16, '0')),
    });
  }
}

function firstFrom(timesS: readonly number[], timeS: number): number {
  let low = 0;
  let high = timesS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timesS[middle]! < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}
