import type { Logger } from 'pino';
import type { BackoffOptions } from './backoff.ts';
import { createEventRecorder } from './event-recorder.ts';
import { TermEnded, type Fence } from './fence.ts';
import { Collection, type KubeApi } from './kube-api.ts';
import { isConflict, isNotFound } from './kube-error.ts';
import { apiVersionOf, type KubeObject } from './kube-object.ts';
import type { ControlledKind, Outcome, Reconciler } from './reconciler.ts';
import { ResourceWatch, type RestartReason, type WatchObserver } from './resource-watch.ts';
import { WorkQueue } from './work-queue.ts';

/** Told what the runtime does, for metrics. */
export interface RunnerObserver {
  reconciled(kind: string, result: 'ok' | 'failed', ms: number): void;
  /** Somebody else wrote in between; tried again at once. */
  conflicted(kind: string): void;
  /** `resource` is a plural of the API. */
  watchRestarted(resource: string, reason: RestartReason): void;
}

export interface RunnerOptions {
  readonly api: KubeApi;
  readonly fence: Fence;
  readonly namespace: string;
  readonly identity: string;
  readonly log: Logger;
  readonly observer: RunnerObserver;
  /** Objects of a kind that are reconciled at a time. */
  readonly workers: number;
  readonly relistEveryMs: number;
  /** Of reconciliations that fail. */
  readonly backoff: BackoffOptions;
  /** Of watches that break. */
  readonly watchBackoff: BackoffOptions;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Unix ms. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly chance: () => number;
}

/** After a conflict the object is read anew; that often at once, then with backoff. */
const CONFLICTS_MAX = 4;
/** After a relist everything is looked at again, over this time. */
const SPREAD_MS = 30_000;

/** One kind for one term: watches, queue and workers. Ends when the fence falls and nothing is in work any more. */
export class KindRunner<T extends KubeObject> {
  readonly #kind: ControlledKind<T>;
  readonly #options: RunnerOptions;
  readonly #api: KubeApi;
  readonly #queue: WorkQueue;
  readonly #watch: ResourceWatch<T>;
  readonly #reconciler: Reconciler<T>;
  readonly #working = new Set<Promise<void>>();
  #wake: () => void = () => undefined;

  constructor(kind: ControlledKind<T>, options: RunnerOptions) {
    const { api, fence, namespace, identity, log, now, nowMs, chance, backoff } = options;
    this.#kind = kind;
    this.#options = options;
    this.#api = api.within(fence);
    this.#queue = new WorkQueue({ backoff, nowMs, chance });
    const about = { apiVersion: apiVersionOf(kind.resource), kind: kind.resource.kind };
    const kindLog = log.child({ kind: kind.name });
    const events = createEventRecorder({ api: this.#api, namespace, about, identity, log: kindLog, now });
    this.#watch = new ResourceWatch<T>({
      ...this.#watchOptions(),
      resource: kind.resource,
      observer: this.#observeOwn(),
    });
    const enqueue = (name: string, afterMs = 0) => this.#enqueue(name, afterMs);
    this.#reconciler = kind.begin({ fence, api: this.#api, events, namespace, log: kindLog, enqueue });
  }

  get name(): string {
    return this.#kind.name;
  }

  /** Objects that there are. */
  get objects(): number {
    return this.#watch.size;
  }

  /** Objects that wait for their turn, whether due or not. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  get busy(): number {
    return this.#queue.busy;
  }

  get isListed(): boolean {
    return this.#watch.isListed;
  }

  async run(): Promise<void> {
    const watches = [
      this.#watch.run(),
      ...(this.#kind.related ?? []).map(({ resource, labelSelector, namesOf }) =>
        new ResourceWatch<KubeObject>({
          ...this.#watchOptions(),
          ...(labelSelector === undefined ? {} : { labelSelector }),
          resource,
          observer: {
            changed: (object) => namesOf(object).forEach((name) => this.#enqueue(name)),
            removed: (object) => namesOf(object).forEach((name) => this.#enqueue(name)),
            listed: () => undefined,
            restarted: (reason, error) => this.#restarted(resource.plural, reason, error),
          },
        }).run(),
      ),
      this.#reconciler.watchOutside?.() ?? Promise.resolve(),
    ];
    await this.#work();
    await Promise.all(this.#working);
    for (const settled of await Promise.allSettled(watches))
      if (settled.status === 'rejected' && !(settled.reason instanceof TermEnded)) throw settled.reason;
  }

  /** Takes what is due and hands it to as many workers as there may be, until the fence falls. */
  async #work(): Promise<void> {
    const { fence, workers } = this.#options;
    const { signal } = fence;
    while (!signal.aborted) {
      while (this.#working.size < workers) {
        const name = this.#queue.take();
        if (name === null) break;
        const work = this.#one(name).finally(() => {
          this.#working.delete(work);
          this.#wake();
        });
        this.#working.add(work);
      }
      await this.#idle(signal);
    }
  }

  /** Until something is due and somebody free, or the fence falls. */
  #idle(signal: AbortSignal): Promise<void> {
    const dueMs = this.#working.size < this.#options.workers ? this.#queue.nextDueMs() : null;
    return new Promise((resolve) => {
      const timer = dueMs === null ? undefined : setTimeout(() => this.#wake(), Math.min(dueMs, 2 ** 31 - 1));
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#wake = () => undefined;
        resolve();
      };
      this.#wake = end;
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }

  /** Never rejects: what goes wrong is counted, logged and tried again. */
  async #one(name: string): Promise<void> {
    const { fence, observer, log, nowMs } = this.#options;
    const startedMs = nowMs();
    let outcome: Outcome = {};
    let failed = false;
    try {
      outcome = await this.#reconcile(name);
      observer.reconciled(this.name, 'ok', nowMs() - startedMs);
    } catch (error) {
      if (!(error instanceof TermEnded) && !fence.signal.aborted) {
        failed = true;
        observer.reconciled(this.name, 'failed', nowMs() - startedMs);
        log.warn({ kind: this.name, object: name, err: error }, 'reconciliation failed; tried again');
      }
    }
    this.#queue.done(name, failed);
    if (outcome.requeueAfterMs !== undefined) this.#queue.add(name, outcome.requeueAfterMs);
    if (this.#watch.isListed && this.#watch.get(name) === undefined) this.#queue.forget(name);
  }

  async #reconcile(name: string): Promise<Outcome> {
    const { fence, namespace, observer } = this.#options;
    let object = this.#watch.get(name);
    for (let conflicts = 0; object !== undefined; conflicts++) {
      fence.check();
      try {
        return await this.#reconciler.reconcile(object);
      } catch (error) {
        if (!isConflict(error) || conflicts >= CONFLICTS_MAX) throw error;
        observer.conflicted(this.name);
        // The watch may be behind what refused the write.
        object = await new Collection<T>(this.#api, this.#kind.resource, namespace)
          .get(name)
          .catch((readError: unknown) => {
            if (isNotFound(readError)) return undefined;
            throw readError;
          });
      }
    }
    return {};
  }

  #enqueue(name: string, afterMs = 0): void {
    // Of what is not there nothing is to be done; it comes by the watch when it is.
    if (this.#watch.isListed && this.#watch.get(name) === undefined) return;
    this.#queue.add(name, afterMs);
    this.#wake();
  }

  #observeOwn(): WatchObserver<T> {
    const { chance } = this.#options;
    let lists = 0;
    return {
      changed: (after, before) => {
        if (before === undefined || concerns(after, before)) this.#enqueue(after.metadata.name);
      },
      removed: ({ metadata: { name } }) => {
        this.#queue.forget(name);
        this.#reconciler.gone?.(name);
      },
      listed: () => {
        if (lists++ === 0) return;
        for (const name of this.#watch.names()) this.#enqueue(name, SPREAD_MS * chance());
      },
      restarted: (reason, error) => this.#restarted(this.#kind.resource.plural, reason, error),
    };
  }

  #restarted(resource: string, reason: RestartReason, error: unknown): void {
    const { observer, log } = this.#options;
    observer.watchRestarted(resource, reason);
    if (error !== null) log.warn({ resource, reason, err: error }, 'a watch begins anew');
  }

  #watchOptions() {
    const { fence, namespace, relistEveryMs, watchBackoff, nowMs, chance } = this.#options;
    return { api: this.#api, fence, namespace, relistEveryMs, backoff: watchBackoff, nowMs, chance };
  }
}

/**
 * Whether a change is one that a reconciler acts on: not one of the status, which is mostly its own. A failure that is
 * written there would else be its own cause to be tried again at once.
 */
function concerns({ metadata: after }: KubeObject, { metadata: before }: KubeObject): boolean {
  return (
    after.uid !== before.uid ||
    after.generation !== before.generation ||
    after.deletionTimestamp !== before.deletionTimestamp ||
    JSON.stringify([after.annotations, after.labels, after.finalizers]) !==
      JSON.stringify([before.annotations, before.labels, before.finalizers])
  );
}
