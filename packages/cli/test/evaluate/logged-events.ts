import { EVENT_CODE, type EventType } from '@shortlist/core/contracts/events.ts';
import type { EventStore } from '@shortlist/core/stores/event-store.ts';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import { event } from '../../../core/test/stores/rows.ts';

export interface LoggedEvent {
  /** `s...` is an anonymous session, anything else a user. */
  readonly who: string;
  readonly item: string;
  readonly type?: EventType;
  readonly atS: number;
}

/** A memory store that holds these events; a type that is not given is a purchase. */
export async function storeOf(events: readonly LoggedEvent[]): Promise<EventStore> {
  const stores = memoryStores();
  await stores.events.append(
    events.map(({ who, item, type = 'purchase', atS }, i) =>
      event(`${i}`, {
        userId: who.startsWith('s') ? null : who,
        sessionId: who.startsWith('s') ? who : null,
        itemId: item,
        type: EVENT_CODE[type],
        occurredAtS: atS,
      }),
    ),
  );
  return stores.events;
}

/** Items `i0` .. `i9` have their number as row; the release knows no other. */
export const rowOf = (itemId: string): number => (/^i\d$/.test(itemId) ? Number(itemId.slice(1)) : -1);
