import { eventKey } from '../event-key.ts';
import type { KeyedProfileEvents, ProfileStore, ProfileUnit } from '../profile-store.ts';
import { inOrder } from './event-store.ts';
import type { MemoryState } from './state.ts';

/** Profiles read from the memory event log; one scan each. */
export class MemoryProfileStore implements ProfileStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  recent(unit: ProfileUnit, max: number): Promise<KeyedProfileEvents> {
    const own = [...this.#state.events.values()].filter((event) =>
      'userId' in unit ? event.userId === unit.userId : event.sessionId === unit.sessionId,
    );
    const events = inOrder(own).slice(-max);
    return Promise.resolve({
      keys: events.map(({ eventId }) => eventKey(eventId).toString('hex', 0, 8)),
      itemIds: events.map(({ itemId }) => itemId),
      types: Uint8Array.from(events, ({ type }) => type),
      timesS: Float64Array.from(events, ({ occurredAtS }) => occurredAtS),
    });
  }
}
