import { setTimeout as delay } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { readManifest } from '@shortlist/core/release/manifest.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { LeavingReleases } from './leaving-releases.ts';
import type { NamedRelease, PreparedRelease, ReleaseControl, ReleaseFacts, ReleaseStatus } from './recommender.ts';

export interface ReleaseHolderOptions {
  readonly registry: ReleaseRegistry;
  /** Loads, verifies and warms up the release in a folder, or throws. `manifestSha256`: only that one; empty: any. */
  readonly load: (dir: string, manifestSha256: string) => Promise<LoadedRelease>;
  /** The release to serve, whatever active.json says; default null: active.json names it. */
  readonly pinned?: NamedRelease | null;
  /** How often active.json is looked at, ms. */
  readonly pollMs?: number;
  /** Added to the real time for `chosenAtS`. */
  readonly clockOffsetS?: number;
  /** How long a release that is no longer held stays open for requests that began with it, ms. */
  readonly graceMs?: number;
  /** Most releases that are held beside the current one for variants of experiments; default 3. */
  readonly heldMax?: number;
  readonly onSwap?: (release: LoadedRelease, previous: LoadedRelease | null) => void;
  /** A release was refused; the old one serves on. */
  readonly onRefusal?: (refusal: NonNullable<ReleaseStatus['last_refusal']>) => void;
}

const POLL_MS = 1000;
const HELD_MAX = 3;
/** How long until a release that was not there is looked for again. */
const ABSENT_RETRY_MS = 5_000;
/** Twice the longest deadline that a request may ask for; less where the configuration allows less. */
const GRACE_MS = 120_000;

/** A release that an experiment names, as `/status` shows it. */
export interface HeldStatus {
  readonly release: string;
  readonly loaded: boolean;
  /** Why it is not, where that is known. */
  readonly reason: string | null;
}

/**
 * The release that a pod serves, the one before it, and those that experiments compare with it.
 *
 * A new one is loaded beside the old one, verified and warmed up, and only then does `current` change: one assignment,
 * so a request sees the old release or the new, never a mixture, provided that it reads `current` once. Whatever goes
 * wrong, the old one serves on and the reason is kept for `/status`. A release that was swapped out twice is closed after
 * a grace time that no request outlives; nobody counts who holds it.
 *
 * A pod whose configuration names its release serves that one, or does not start: what its template says is what it does.
 */
export class ReleaseHolder implements ReleaseControl {
  readonly #options: ReleaseHolderOptions;
  #current: LoadedRelease | null = null;
  #previous: LoadedRelease | null = null;
  #chosenAtS = -Infinity;
  #refusal: ReleaseStatus['last_refusal'] = null;
  /** What the pointer said when it was last acted on; a reload by hand holds until it changes. */
  #seen: string | null = null;
  /** Reloads happen one after another. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Swapped out twice. */
  readonly #leaving: LeavingReleases;
  /** Releases that are to be held beside the current one; the first `heldMax` of them are. */
  #wanted: readonly string[] = [];
  /** Those of them that are loaded and neither current nor previous. */
  readonly #held = new Map<string, LoadedRelease>();
  #prepared: PreparedRelease | null = null;
  readonly #heldRefusals = new Map<string, { readonly reason: string; readonly retryAtMs: number }>();
  #watching: AbortController | null = null;
  #watch: Promise<void> = Promise.resolve();
  #swaps = 0;
  #refusals = 0;

  constructor(options: ReleaseHolderOptions) {
    this.#options = options;
    this.#leaving = new LeavingReleases(options.graceMs ?? GRACE_MS, (id, error) => this.#refuse(id, error));
  }

  get pinned(): NamedRelease | null {
    return this.#options.pinned ?? null;
  }

  get prepared(): PreparedRelease | null {
    return this.#prepared;
  }

  /** The release to serve a request with: read it once and keep it for the request. Errors: `not_ready`. */
  get current(): LoadedRelease {
    if (this.#current === null) throw new ShortlistError('not_ready', { reason: this.#reasonForNone() });
    return this.#current;
  }

  /** When `current` was chosen: by active.json, or by hand since. Unix seconds; Infinity where the configuration names it. */
  get chosenAtS(): number {
    return this.#chosenAtS;
  }

  get ready(): boolean {
    return this.#current !== null;
  }

  /** The release of this id, where it is loaded: null means that it cannot be served now. */
  loaded(id: string): LoadedRelease | null {
    if (this.#current?.id === id) return this.#current;
    return this.#held.get(id) ?? (this.#previous?.id === id ? this.#previous : null);
  }

  /**
   * Holds these releases beside the current one from now on, the most important first, and lets go of others. They are
   * loaded, verified and warmed up one after another while the pod serves; resolves when that is done, as far as it goes.
   * One that is refused is tried again when the list is given anew; one that is absent, every few seconds.
   */
  hold(ids: readonly string[]): Promise<void> {
    this.#wanted = ids;
    this.#heldRefusals.clear();
    return this.#settleHeld();
  }

  prepare({ release, manifest_sha256 }: NamedRelease): PreparedRelease {
    const before = this.#prepared;
    if (before?.release === release && before.manifest_sha256 === manifest_sha256) return before;
    this.#prepared = { release, manifest_sha256, state: 'loading', reason: null };
    void this.#settleHeld();
    return this.#prepared;
  }

  discard(): void {
    this.#prepared = null;
    void this.#settleHeld();
  }

  heldStatus(): readonly HeldStatus[] {
    const { heldMax = HELD_MAX } = this.#options;
    return this.#wanted.map((release, i) => {
      const loaded = this.loaded(release) !== null;
      const tooMany = i < heldMax ? null : `more than ${heldMax} releases are named`;
      return { release, loaded, reason: loaded ? null : (this.#heldRefusals.get(release)?.reason ?? tooMany) };
    });
  }

  status(): ReleaseStatus {
    return {
      active: this.#current?.id ?? null,
      previous: this.#previous?.id ?? null,
      last_refusal: this.#refusal,
    };
  }

  facts(): ReleaseFacts | null {
    if (this.#current === null) return null;
    const { createdAt, trainingWindow, offlineMetrics } = this.#current.manifest;
    const nowS = Date.now() / 1000;
    const served = offlineMetrics.filter(({ system, segment = 'all' }) => system === 'served' && segment === 'all');
    return {
      ageS: nowS - Date.parse(createdAt) / 1000,
      dataAgeS: nowS + (this.#options.clockOffsetS ?? 0) - trainingWindow.untilS,
      swaps: this.#swaps,
      refusals: this.#refusals,
      variantsMissing: this.heldStatus().filter(({ loaded }) => !loaded).length,
      offlineScores: Object.fromEntries(served.map(({ metric, k, value }) => [`${metric}@${k}`, value])),
    };
  }

  /**
   * Loads what the configuration or active.json names, or the release of this id, and swaps it in. The predecessor is swapped back at once when it
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
    await this.#leaving.close();
    for (const release of this.#held.values()) await release.close();
    this.#held.clear();
    await this.#current?.close();
    await this.#previous?.close();
    this.#current = this.#previous = null;
  }

  async #reload(releaseId?: string): Promise<ReleaseStatus> {
    const { registry, load, pinned = null } = this.#options;
    let id = releaseId ?? pinned?.release;
    let chosenAtS = pinned === null ? Date.now() / 1000 : Infinity;
    try {
      if (id === undefined) {
        const { active, changedAt } = await registry.requirePointer();
        this.#seen = id = active;
        chosenAtS = Date.parse(changedAt) / 1000;
      }
      if (this.#current?.id !== id) {
        const sha256 = id === pinned?.release ? pinned.manifest_sha256 : '';
        this.#swap(this.loaded(id) ?? this.#leaving.takeBack(id) ?? (await load(await registry.dirOf(id), sha256)));
      }
      this.#chosenAtS = chosenAtS + (this.#options.clockOffsetS ?? 0);
      this.#refusal = null;
      return this.status();
    } catch (error) {
      this.#refuse(id, error);
      const mayFallBack = this.#current === null && releaseId === undefined && pinned === null;
      if (mayFallBack && (await this.#startWithPrevious())) return this.status();
      throw error;
    }
  }

  /** A pod that starts while the active release is damaged serves the one before it, rather than nothing. */
  async #startWithPrevious(): Promise<boolean> {
    const { registry, load } = this.#options;
    try {
      const previous = (await registry.pointer())?.previous ?? null;
      if (previous === null) return false;
      this.#swap(await load(await registry.dirOf(previous), ''));
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
    this.#swaps += 1;
    this.#held.delete(next.id);
    if (dropped !== null && dropped !== next) this.#letGo(dropped);
    this.#options.onSwap?.(next, this.#previous);
  }

  /** Loads what is wanted and absent, in turn with reloads, and lets go of what is not wanted any more. */
  #settleHeld(): Promise<void> {
    const turn = this.#tail.then(async () => {
      await this.#loadPrepared();
      for (const id of this.#wantedNow()) await this.#loadHeld(id);
      for (const [id, release] of this.#held) {
        if (this.#isKept(id)) continue;
        this.#held.delete(id);
        this.#leaving.add(release);
      }
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #loadHeld(id: string): Promise<void> {
    const { registry, load } = this.#options;
    if (this.loaded(id) !== null || !this.#isDue(id)) return;
    try {
      this.#held.set(id, this.#leaving.takeBack(id) ?? (await load(await registry.dirOf(id), '')));
      this.#heldRefusals.delete(id);
    } catch (error) {
      const isAbsent = error instanceof ShortlistError && error.code === 'release_not_found';
      const isNew = !this.#heldRefusals.has(id);
      const retryAtMs = isAbsent ? performance.now() + ABSENT_RETRY_MS : Infinity;
      this.#heldRefusals.set(id, { reason: reasonOf(error), retryAtMs });
      if (isNew) this.#refusals += 1;
      if (isNew) this.#options.onRefusal?.({ release: id, reason: reasonOf(error), at: new Date().toISOString() });
    }
  }

  async #loadPrepared(): Promise<void> {
    const { registry, load, onRefusal } = this.#options;
    const asked = this.#prepared;
    if (asked?.state !== 'loading') return;
    const { release: id, manifest_sha256: sha256 } = asked;
    let end: Pick<PreparedRelease, 'state' | 'reason'> = { state: 'loaded', reason: null };
    try {
      const dir = await registry.dirOf(id);
      // Also of one that is loaded already: nobody asked for its digest then.
      await readManifest(dir, sha256);
      if (this.loaded(id) === null) this.#held.set(id, this.#leaving.takeBack(id) ?? (await load(dir, sha256)));
    } catch (error) {
      end = { state: 'refused', reason: reasonOf(error) };
      this.#refusals += 1;
      onRefusal?.({ release: id, reason: reasonOf(error), at: new Date().toISOString() });
    }
    // Unless something else was asked for meanwhile.
    if (this.#prepared === asked) this.#prepared = { ...asked, ...end };
  }

  #isKept(id: string): boolean {
    return this.#wantedNow().includes(id) || this.#prepared?.release === id;
  }

  #wantedNow(): readonly string[] {
    return this.#wanted.slice(0, this.#options.heldMax ?? HELD_MAX);
  }

  #isDue(id: string): boolean {
    return (this.#heldRefusals.get(id)?.retryAtMs ?? 0) <= performance.now();
  }

  /** Out of current and previous: kept where an experiment wants it, or it was prepared. */
  #letGo(release: LoadedRelease): void {
    if (this.#isKept(release.id)) this.#held.set(release.id, release);
    else this.#leaving.add(release);
  }

  #refuse(id: string | undefined, error: unknown): void {
    this.#refusals += 1;
    this.#refusal = { release: id ?? 'active.json', reason: reasonOf(error), at: new Date().toISOString() };
    this.#options.onRefusal?.(this.#refusal);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const slept = await delay(this.#options.pollMs ?? POLL_MS, true, { signal }).catch(() => false);
      if (!slept) return;
      if (this.#wantedNow().some((id) => this.loaded(id) === null && this.#isDue(id))) await this.#settleHeld();
      if (this.pinned !== null) continue;
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

function reasonOf(error: unknown): string {
  return error instanceof ShortlistError ? `${error.code}: ${error.message}` : String(error);
}

const UNREADABLE = '(unreadable)';
