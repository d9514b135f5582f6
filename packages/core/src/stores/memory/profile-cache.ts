import type { ProfileEvents } from '../../contracts/profile.ts';
import type { FillTicket, ProfileCacheRead, ProfileCacheStore, ProfileEvent } from '../profile-cache.ts';
import type { KeyedProfileEvents, UnitKey } from '../profile-store.ts';

interface Copy {
  /** By key; sorted when read. */
  readonly events: Map<string, ProfileEvent>;
  readonly kept: number;
}

/** Cached profiles in a map. */
export class MemoryProfileCache implements ProfileCacheStore {
  readonly #copies = new Map<UnitKey, Copy>();
  readonly #generations = new Map<UnitKey, number>();
  #epoch = 0;

  read(unit: UnitKey, max: number): Promise<ProfileCacheRead> {
    const copy = this.#copies.get(unit);
    if (copy !== undefined && (copy.kept >= max || copy.events.size < copy.kept)) {
      return Promise.resolve({ events: profileOf(sorted(copy).slice(-max)), ticket: null });
    }
    const generation = String(this.#generations.get(unit) ?? '');
    return Promise.resolve({ events: null, ticket: { epoch: String(this.#epoch), generation } });
  }

  fill(unit: UnitKey, ticket: FillTicket, max: number, events: KeyedProfileEvents): Promise<boolean> {
    const isSame =
      ticket.epoch === String(this.#epoch) && ticket.generation === String(this.#generations.get(unit) ?? '');
    if (!isSame || (this.#copies.get(unit)?.kept ?? 0) >= max) return Promise.resolve(false);
    const { keys, itemIds, types, timesS } = events;
    const list = keys.map((key, i) => ({ key, itemId: itemIds[i]!, type: types[i]!, timeS: timesS[i]! }));
    this.#copies.set(unit, { events: new Map(list.map((event) => [event.key, event])), kept: max });
    return Promise.resolve(true);
  }

  apply(events: ReadonlyMap<UnitKey, readonly ProfileEvent[]>): Promise<void> {
    for (const [unit, list] of events) {
      this.#change(unit);
      const copy = this.#copies.get(unit);
      if (copy === undefined) continue;
      for (const event of list) copy.events.set(event.key, event);
      for (const { key } of sorted(copy).slice(0, -copy.kept)) copy.events.delete(key);
    }
    return Promise.resolve();
  }

  forget(units: readonly UnitKey[]): Promise<void> {
    for (const unit of units) {
      this.#copies.delete(unit);
      this.#change(unit);
    }
    return Promise.resolve();
  }

  forgetAll(): Promise<void> {
    this.#epoch += 1;
    this.#copies.clear();
    return Promise.resolve();
  }

  #change(unit: UnitKey): void {
    this.#generations.set(unit, (this.#generations.get(unit) ?? 0) + 1);
  }
}

const sorted = ({ events }: Copy): ProfileEvent[] =>
  [...events.values()].sort(
    (a, b) => a.timeS - b.timeS || a.type - b.type || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  );

function profileOf(events: readonly ProfileEvent[]): ProfileEvents {
  return {
    itemIds: events.map(({ itemId }) => itemId),
    types: Uint8Array.from(events, ({ type }) => type),
    timesS: Float64Array.from(events, ({ timeS }) => timeS),
  };
}
