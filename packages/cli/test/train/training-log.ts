import { EVENT_CODE, type EventType } from '@shortlist/core/contracts/events.ts';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import type { Stores } from '@shortlist/core/stores/stores.ts';
import { readTrainingLog, type TrainingLog } from '../../src/train/training-log.ts';

export const START_S = 1_700_000_000;
export const DAY_S = 86_400;

export interface LoggedEvent {
  readonly user: string;
  /** Items are named item-0 .. item-9, so a row is its number. */
  readonly row: number;
  readonly type: EventType;
  readonly day: number;
  /** The slate that led to it. */
  readonly request?: string;
}

export interface LoggedSlate {
  readonly request: string;
  readonly user: string;
  readonly day: number;
  readonly rows: readonly number[];
}

/** A log of ten items as the stores would give it. */
export async function logOf(events: readonly LoggedEvent[], slates: readonly LoggedSlate[] = []): Promise<TrainingLog> {
  return readTrainingLog(await storesOf(events, slates));
}

/** Stores with ten items and what happened to them. */
export async function storesOf(events: readonly LoggedEvent[], slates: readonly LoggedSlate[] = []): Promise<Stores> {
  const stores = memoryStores();
  const named = (row: number) => `item-${row}`;
  await stores.items.upsert(
    Array.from({ length: 10 }, (_, row) => ({
      itemId: named(row),
      title: `Item ${row}`,
      category: row < 5 ? 'tea' : 'mug',
      brand: '',
      price: row + 1,
      available: true,
      createdAtS: START_S,
      attributes: {},
    })),
  );
  await stores.impressions.append(
    slates.map(({ request, user, day, rows }) => ({
      requestId: request,
      userId: user,
      sessionId: null,
      occurredAtS: START_S + day * DAY_S,
      surface: 'home',
      device: 'mobile',
      category: null,
      itemIds: rows.map(named),
      propensities: Float32Array.from(rows, () => 0.5),
    })),
  );
  await stores.events.append(
    events.map(({ user, row, type, day, request }, i) => ({
      eventId: `${i}`,
      userId: user.startsWith('session') ? null : user,
      sessionId: user.startsWith('session') ? user : null,
      itemId: named(row),
      type: EVENT_CODE[type],
      occurredAtS: START_S + day * DAY_S,
      value: null,
      quantity: null,
      surface: null,
      device: null,
      requestId: request ?? null,
      position: null,
    })),
  );
  return stores;
}
