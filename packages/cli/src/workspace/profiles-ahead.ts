import type { KeyedProfileEvents, ProfileStore, ProfileUnit } from '@shortlist/core/stores/profile-store.ts';

/** At a time: enough for full batches of the ranker, no more than wait for PostgreSQL. */
const IN_FLIGHT = 32;

/**
 * Profiles that were read before they are asked for: the served stages wait only so long for one, which a shopper wants
 * and a job does not.
 */
export class ProfilesAhead implements ProfileStore {
  readonly #store: ProfileStore;
  #read = new Map<string, KeyedProfileEvents>();

  constructor(store: ProfileStore) {
    this.#store = store;
  }

  /** In place of those that were read before. */
  async read(userIds: readonly string[], max: number): Promise<void> {
    const read = new Map<string, KeyedProfileEvents>();
    await inParallel(userIds, async (userId) => {
      read.set(userId, await this.#store.recent({ userId }, max));
    });
    this.#read = read;
  }

  recent(unit: ProfileUnit): Promise<KeyedProfileEvents> {
    const events = 'userId' in unit ? this.#read.get(unit.userId) : undefined;
    return events === undefined ? Promise.reject(new Error('this profile was not read')) : Promise.resolve(events);
  }
}

/** Runs `work` for each, at most 32 at a time. */
export async function inParallel<T>(all: readonly T[], work: (one: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < all.length; i = next++) await work(all[i]!, i);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}
