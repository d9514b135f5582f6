import { EVENT_CODE } from '../contracts/events.ts';
import type { RetractPayload } from '../contracts/log.ts';

/** Most events of one retract message. */
const EVENTS_MAX = 5_000;

/** An event that is gone. */
export interface RetractedEvent {
  readonly itemId: string;
  /** Code of contracts/events.ts. */
  readonly type: number;
  /** Unix seconds. */
  readonly timeS: number;
  /** `u:<user id>` or `s:<session id>`. */
  readonly unit: string;
}

/**
 * The log messages that take events back. `nextPurchaseS(itemId, unit)` = the unit's first purchase of the item among
 * those that stay, null when there is none.
 */
export function retractionsOf(
  events: readonly RetractedEvent[],
  nextPurchaseS: (itemId: string, unit: string) => number | null,
): RetractPayload[] {
  const first = new Map<string, { readonly itemId: string; readonly unit: string; oldS: number }>();
  for (const { itemId, type, timeS, unit } of events) {
    if (type !== EVENT_CODE.purchase) continue;
    const key = JSON.stringify([itemId, unit]);
    const known = first.get(key);
    if (known === undefined) first.set(key, { itemId, unit, oldS: timeS });
    else known.oldS = Math.min(known.oldS, timeS);
  }
  const firstPurchases = [...first.values()].map(({ itemId, unit, oldS }) => ({
    itemId,
    oldS,
    newS: nextPurchaseS(itemId, unit),
  }));
  const payloads: RetractPayload[] = [];
  for (let start = 0; start < events.length; start += EVENTS_MAX) {
    const part = events.slice(start, start + EVENTS_MAX);
    payloads.push({
      itemIds: part.map(({ itemId }) => itemId),
      types: part.map(({ type }) => type),
      timesS: part.map(({ timeS }) => timeS),
      firstPurchases: firstPurchases.slice(start, start + EVENTS_MAX),
    });
  }
  return payloads;
}
