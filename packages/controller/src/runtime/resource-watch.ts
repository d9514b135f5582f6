import { backoffMs, type BackoffOptions } from './backoff.ts';
import { pause, type Fence, TermEnded } from './fence.ts';
import { Collection, type KubeApi } from './kube-api.ts';
import { isGone, KubeError } from './kube-error.ts';
import { pathOf, type KubeObject, type ResourceType } from './kube-object.ts';

/** Why a watch began anew: its end by the server is `closed`. */
export type RestartReason = 'closed' | 'relist' | 'gone' | 'unreachable' | 'refused';

export interface WatchObserver<T extends KubeObject> {
  /** `before` is absent for one that is new. */
  changed(after: T, before: T | undefined): void;
  removed(before: T): void;
  /** All objects there are have been told; also after each relist. */
  listed(): void;
  restarted(reason: RestartReason, error: unknown): void;
}

export interface ResourceWatchOptions<T extends KubeObject> {
  readonly api: KubeApi;
  readonly fence: Fence;
  readonly resource: ResourceType;
  readonly namespace: string;
  readonly labelSelector?: string;
  /** Everything is listed anew after this, whatever the watch told. */
  readonly relistEveryMs: number;
  readonly backoff: BackoffOptions;
  readonly observer: WatchObserver<T>;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly chance: () => number;
}

/** The API ends a watch after this; bookmarks come about once a minute. */
const WATCH_S = { min: 240, spread: 240 };
const SILENCE_MS = 150_000;
/** A watch that ends sooner without having told anything was no watch. */
const WORTHWHILE_MS = 1_000;

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number; readonly reason?: string; readonly message?: string };
}

/**
 * A collection as it is, kept up to date: listed, then watched from there on, again and again. One loop, so there is
 * never more than one watch. A watch that breaks goes on where it was; one that the API has forgotten (410) begins
 * with a list. What vanished meanwhile is told as removed.
 */
export class ResourceWatch<T extends KubeObject> {
  readonly #options: ResourceWatchOptions<T>;
  readonly #known = new Map<string, T>();
  #position: string | null = null;
  #listedMs = -Infinity;
  #relistMs = 0;
  #failures = 0;
  #isListed = false;

  constructor(options: ResourceWatchOptions<T>) {
    this.#options = options;
  }

  /** Whether all objects there are have been told once. */
  get isListed(): boolean {
    return this.#isListed;
  }

  get size(): number {
    return this.#known.size;
  }

  get(name: string): T | undefined {
    return this.#known.get(name);
  }

  names(): Iterable<string> {
    return this.#known.keys();
  }

  /** Until the fence falls. */
  async run(): Promise<void> {
    const { fence, observer, backoff, chance, nowMs } = this.#options;
    const { signal } = fence;
    while (!signal.aborted) {
      try {
        if (this.#position === null) await this.#list();
        const reason = await this.#follow();
        observer.restarted(reason, null);
        if (reason === 'relist') this.#position = null;
      } catch (error) {
        if (signal.aborted || error instanceof TermEnded) return;
        if (isGone(error)) this.#position = null;
        observer.restarted(reasonOf(error), error);
        const waitMs = backoffMs(backoff, ++this.#failures, chance());
        const askedMs = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
        await pause(Math.max(waitMs, Math.min(askedMs, backoff.maxMs)), signal);
      }
      // However long the API was away: what is known is old.
      if (nowMs() - this.#listedMs >= this.#relistMs) this.#position = null;
    }
  }

  async #list(): Promise<void> {
    const { api, resource, namespace, labelSelector, observer, relistEveryMs, nowMs, chance, fence } = this.#options;
    const selector = labelSelector === undefined ? {} : { labelSelector };
    const { items, resourceVersion } = await new Collection<T>(api, resource, namespace).list(selector);
    fence.check();
    const gone = new Map(this.#known);
    for (const item of items) {
      gone.delete(item.metadata.name);
      this.#take(item);
    }
    for (const object of gone.values()) this.#drop(object);
    this.#position = resourceVersion;
    this.#listedMs = nowMs();
    // Replicas of one kind that began together do not list together.
    this.#relistMs = relistEveryMs * (0.75 + 0.5 * chance());
    this.#isListed = true;
    observer.listed();
  }

  /** Takes events until the watch ends; says why. Throws when it breaks. */
  async #follow(): Promise<RestartReason> {
    const { api, resource, namespace, labelSelector, chance, nowMs } = this.#options;
    const startedMs = nowMs();
    const untilRelistMs = this.#listedMs + this.#relistMs - startedMs;
    const timeoutSeconds = Math.max(
      1,
      Math.floor(Math.min(untilRelistMs / 1000, WATCH_S.min + WATCH_S.spread * chance())),
    );
    const query = {
      ...{ watch: true, allowWatchBookmarks: true, resourceVersion: this.#position!, timeoutSeconds },
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
    let events = 0;
    const request = { method: 'GET', path: pathOf(resource, { namespace }), query } as const;
    for await (const event of api.lines(request, SILENCE_MS)) {
      this.#handle(event as WatchEvent<T>);
      events++;
      this.#failures = 0;
    }
    const tookMs = nowMs() - startedMs;
    if (nowMs() - this.#listedMs >= this.#relistMs) return 'relist';
    if (events === 0 && tookMs < Math.min(WORTHWHILE_MS, timeoutSeconds * 1000)) {
      throw new KubeError({
        status: 0,
        reason: 'Unreachable',
        message: `the watch of ${resource.plural} ended at once`,
      });
    }
    return 'closed';
  }

  #handle({ type, object }: WatchEvent<T>): void {
    this.#options.fence.check();
    if (type === 'ERROR') {
      const { code = 500, reason = 'InternalError', message = 'the watch failed' } = object;
      // A position that has expired is told as 410, and by some versions only by its reason.
      const status = reason === 'Expired' || reason === 'Gone' ? 410 : code;
      throw new KubeError({ status, reason, message });
    }
    this.#position = object.metadata.resourceVersion ?? this.#position;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#drop(object);
    else this.#take(object);
  }

  #take(object: T): void {
    const { name, uid, resourceVersion } = object.metadata;
    const before = this.#known.get(name);
    if (before?.metadata.resourceVersion === resourceVersion && before?.metadata.uid === uid) return;
    const after = withoutManagedFields(object);
    this.#known.set(name, after);
    this.#options.observer.changed(after, before);
  }

  #drop(object: T): void {
    const { name } = object.metadata;
    if (this.#known.delete(name)) this.#options.observer.removed(object);
  }
}

/** They are often most of an object, and nobody reads them here. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as T['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}

function reasonOf(error: unknown): RestartReason {
  if (isGone(error)) return 'gone';
  return error instanceof KubeError && error.status !== 0 ? 'refused' : 'unreachable';
}
