import type { ProfileEvents } from '../../contracts/profile.ts';
import type { ProfileStore, ProfileUnit } from '../profile-store.ts';
import type { MemoryState } from './state.ts';

/** Profiles read from the memory event log; one scan each. */
export class MemoryProfileStore implements ProfileStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  recent(unit: ProfileUnit, max: number): Promise<ProfileEvents> {
    const events = this.#state.events
      .filter((event) => ('userId' in unit ? event.userId === unit.userId : event.sessionId === unit.sessionId))
      .sort((a, b) => b.occurredAtS - a.occurredAtS || b.seq - a.seq)
      .slice(0, max)
      .reverse();
    return Promise.resolve({
      itemIds: events.map(({ itemId }) => itemId),
      types: Uint8Array.from(events, ({ type }) => type),
      timesS: Float64Array.from(events, ({ occurredAtS }) => occurredAtS),
    });
  }
}
