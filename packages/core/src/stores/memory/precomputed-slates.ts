import type { PrecomputedSlates } from '../precomputed-slates.ts';

/** Precomputed slates in a map. */
export class MemoryPrecomputedSlates implements PrecomputedSlates {
  readonly #slates = new Map<string, { readonly slate: string; readonly untilMs: number }>();

  write(slates: ReadonlyMap<string, string>, ttlS: number): Promise<void> {
    for (const [userId, slate] of slates) this.#slates.set(userId, { slate, untilMs: Date.now() + ttlS * 1000 });
    return Promise.resolve();
  }

  read(userId: string): Promise<string | null> {
    const stored = this.#slates.get(userId);
    return Promise.resolve(stored !== undefined && stored.untilMs > Date.now() ? stored.slate : null);
  }

  remove(userIds: readonly string[]): Promise<void> {
    for (const userId of userIds) this.#slates.delete(userId);
    return Promise.resolve();
  }
}
