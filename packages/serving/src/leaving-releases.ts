import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';

/** Releases that serve no more and are closed after a grace time, which no request that began with them outlives. */
export class LeavingReleases {
  readonly #graceMs: number;
  readonly #onFailure: (id: string, error: unknown) => void;
  /** With the timer that will close each. */
  readonly #leaving = new Map<LoadedRelease, NodeJS.Timeout>();

  constructor(graceMs: number, onFailure: (id: string, error: unknown) => void) {
    this.#graceMs = graceMs;
    this.#onFailure = onFailure;
  }

  add(release: LoadedRelease): void {
    const timer = setTimeout(() => {
      this.#leaving.delete(release);
      release.close().catch((error: unknown) => this.#onFailure(release.id, error));
    }, this.#graceMs);
    timer.unref();
    this.#leaving.set(release, timer);
  }

  /** One that is about to be closed serves again at once; a second copy would take its memory twice. */
  takeBack(id: string): LoadedRelease | null {
    for (const [release, timer] of this.#leaving) {
      if (release.id !== id) continue;
      clearTimeout(timer);
      this.#leaving.delete(release);
      return release;
    }
    return null;
  }

  /** Closes all of them now. */
  async close(): Promise<void> {
    for (const [release, timer] of this.#leaving) {
      clearTimeout(timer);
      await release.close();
    }
    this.#leaving.clear();
  }
}
