import { setTimeout as delay } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import type { ReleaseControl, ReleaseStatus } from './recommender.ts';

export interface ReleaseHolderOptions {
  readonly registry: ReleaseRegistry;
  /** Loads, verifies and warms up the release in a folder, or throws. */
  readonly load: (dir: string) => Promise<LoadedRelease>;
  /** How often active.json is looked at, ms. */
  readonly pollMs?: number;
  /** How long a release that is no longer held stays open for requests that began with it, ms. */
  readonly graceMs?: number;
  readonly onSwap?: (release: LoadedRelease, previous: LoadedRelease | null) => void;
  /** A release was refused; the old one serves on. */
  readonly onRefusal?: (refusal: NonNullable<ReleaseStatus['last_refusal']>) => void;
}

const POLL_MS = 1000;
/** Twice the longest deadline that a request may ask for. */
const GRACE_MS = 120_000;

/**
 * The release that a pod serves, and the one before it.
 *
 * A new one is loaded beside the old one, verified and warmed up, and only then does `current` change: one assignment,
 * so a request sees the old release or the new, never a mixture, provided that it reads `current` once. Whatever goes
 * wrong, the old one serves on and the reason is kept for `/status`. A release that was swapped out twice is closed after
 * a grace time that no request outlives; nobody counts who holds it.
 */
export class ReleaseHolder implements ReleaseControl {
  readonly #options: ReleaseHolderOptions;
  #current: LoadedRelease | null = null;
  #previous: LoadedRelease | null = null;
  #refusal: ReleaseStatus['last_refusal'] = null;
  /** What the pointer said when it was last acted on; a reload by hand holds until it changes. */
  #seen: string | null = null;
  /** Reloads happen one after another. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Swapped out twice, with the timer that will close each. */
  readonly #leaving = new Map<LoadedRelease, NodeJS.Timeout>();
  #watching: AbortController | null = null;
  #watch: Promise<void> = Promise.resolve();

  constructor(options: ReleaseHolderOptions) {
    this.#options = options;
  }

  /** The release to serve a request with: read it once and keep it for the request. Errors: `not_ready`. */
  get current(): LoadedRelease {
    if (this.#current === null) throw new ShortlistError('not_ready', { reason: this.#reasonForNone() });
    return this.#current;
  }

  get ready(): boolean {
    return this.#current !== null;
  }

  status(): ReleaseStatus {
    return {
      active: this.#current?.id ?? null,
      previous: this.#previous?.id ?? null,
      last_refusal: this.#refusal,
    };
  }

  /**
   * Loads what active.json names, or the named release, and swaps it in. The predecessor is swapped back at once when it
   * is the one asked for. Errors: `release_*`; then nothing has changed. A first load that fails falls back to what served
   * before, if that is sound: `status` says so.
   */
  reload(releaseId?: string): Promise<ReleaseStatus> {
    const turn = this.#tail.then(() => this.#reload(releaseId));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Looks at active.json from now on and follows it; a refused release is not tried again until the pointer changes. */
  watch(): void {
    if (this.#watching !== null) return;
    this.#watching = new AbortController();
    this.#watch = this.#follow(this.#watching.signal);
  }

  /** Stops watching and frees what is held. Nothing may use the releases any more. */
  async close(): Promise<void> {
    this.#watching?.abort();
    await this.#watch;
    await this.#tail;
    for (const [release, timer] of this.#leaving) {
      clearTimeout(timer);
      await release.close();
    }
    this.#leaving.clear();
    await this.#current?.close();
    await this.#previous?.close();
    this.#current = this.#previous = null;
  }

  async #reload(releaseId?: string): Promise<ReleaseStatus> {
    const { registry, load } = this.#options;
    let id = releaseId;
    try {
      if (id === undefined) {
        id = (await registry.requirePointer()).active;
        this.#seen = id;
      }
      if (this.#current?.id !== id) {
        const kept = this.#previous?.id === id ? this.#previous : null;
        this.#swap(kept ?? (await load(await registry.dirOf(id))));
      }
      this.#refusal = null;
      return this.status();
    } catch (error) {
      this.#refuse(id, error);
      if (this.#current === null && releaseId === undefined && (await this.#startWithPrevious())) return this.status();
      throw error;
    }
  }

  /** A pod that starts while the active release is damaged serves the one before it, rather than nothing. */
  async #startWithPrevious(): Promise<boolean> {
    const { registry, load } = this.#options;
    try {
      const previous = (await registry.pointer())?.previous ?? null;
      if (previous === null) return false;
      this.#swap(await load(await registry.dirOf(previous)));
      return true;
    } catch {
      // The refusal of the active release is what the operator must see; the caller throws it.
      return false;
    }
  }

  #swap(next: LoadedRelease): void {
    const dropped = this.#previous;
    this.#previous = this.#current;
    this.#current = next;
    if (dropped !== null && dropped !== next) this.#closeLater(dropped);
    this.#options.onSwap?.(next, this.#previous);
  }

  #closeLater(release: LoadedRelease): void {
    const timer = setTimeout(() => {
      this.#leaving.delete(release);
      release.close().catch((error: unknown) => this.#refuse(release.id, error));
    }, this.#options.graceMs ?? GRACE_MS);
    timer.unref();
    this.#leaving.set(release, timer);
  }

  #refuse(id: string | undefined, error: unknown): void {
    const reason = error instanceof ShortlistError ? `${error.code}: ${error.message}` : String(error);
    this.#refusal = { release: id ?? 'active.json', reason, at: new Date().toISOString() };
    this.#options.onRefusal?.(this.#refusal);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const slept = await delay(this.#options.pollMs ?? POLL_MS, true, { signal }).catch(() => false);
      if (!slept) return;
      // An unreadable pointer (a full disk, a hand-edited file) is no reason to stop following it.
      const pointer = await this.#options.registry.pointer().catch((error: unknown) => {
        if (this.#seen !== UNREADABLE) this.#refuse(undefined, error);
        this.#seen = UNREADABLE;
        return null;
      });
      if (pointer === null || pointer.active === this.#seen) continue;
      // A refusal is kept for /status and told to onRefusal: there is nobody here to throw it at.
      await this.reload().catch(() => undefined);
    }
  }

  #reasonForNone(): string {
    return this.#refusal === null ? 'no release is loaded' : `release ${this.#refusal.release} was refused`;
  }
}

const UNREADABLE = '(unreadable)';
