import type { EventsPayload } from '@shortlist/core/contracts/log.ts';
import type { Purchases } from '@shortlist/core/stores/counter-store.ts';
import { pairOf } from '@shortlist/core/stores/postgres/counter-store.ts';

/** Purchases of one unit and item, as the log's messages told them. */
export interface ToldPurchases extends Purchases {
  /** The session of a unit without a user; null otherwise. */
  readonly anonymousSessionId: string | null;
}

/** Purchases that wait to be noted, one entry per item and unit. */
export class PendingPurchases {
  readonly #byPair = new Map<string, ToldPurchases>();

  /** Adds event `i` of a message, which is a purchase. */
  add({ itemIds, timesS, userIds, sessionIds }: EventsPayload, i: number): void {
    const [itemId, timeS, userId, sessionId] = [itemIds[i]!, timesS[i]!, userIds[i] ?? null, sessionIds[i] ?? null];
    const unit = userId === null ? `s:${sessionId}` : `u:${userId}`;
    const key = pairOf({ itemId, unit });
    const known = this.#byPair.get(key);
    this.#byPair.set(key, {
      itemId,
      unit,
      anonymousSessionId: userId === null ? sessionId : null,
      firstS: Math.min(timeS, known?.firstS ?? Infinity),
      lastS: Math.max(timeS, known?.lastS ?? -Infinity),
    });
  }

  all(): readonly ToldPurchases[] {
    return [...this.#byPair.values()];
  }

  anonymousSessions(): readonly string[] {
    return [...new Set(this.all().flatMap(({ anonymousSessionId }) => anonymousSessionId ?? []))];
  }
}
