import type { InvalidationListener, Invalidations, Subscription } from '../invalidations.ts';
import type { UnitKey } from '../profile-store.ts';

/** Notices within the process. */
export class MemoryInvalidations implements Invalidations {
  readonly #listeners = new Set<InvalidationListener>();

  publish(units: readonly UnitKey[]): Promise<void> {
    for (const listener of this.#listeners) listener.onUnits(units);
    return Promise.resolve();
  }

  publishAll(): Promise<void> {
    for (const listener of this.#listeners) listener.onAll();
    return Promise.resolve();
  }

  subscribe(listener: InvalidationListener): Subscription {
    this.#listeners.add(listener);
    listener.onAll();
    return { live: true, close: () => this.#listeners.delete(listener) };
  }
}
