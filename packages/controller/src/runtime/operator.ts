import type { Logger } from 'pino';
import { Election, type ElectionOptions } from './election.ts';
import type { Fence } from './fence.ts';
import type { KubeObject } from './kube-object.ts';
import { KindRunner, type RunnerOptions } from './kind-runner.ts';
import type { ControlledKind } from './reconciler.ts';

export interface OperatorOptions extends Omit<RunnerOptions, 'fence'> {
  readonly kinds: readonly ControlledKind<KubeObject>[];
  readonly lease: Pick<ElectionOptions, 'leaseName' | 'durationMs' | 'renewEveryMs'>;
  readonly log: Logger;
}

/** Numbers of one kind, for metrics. */
export interface KindCounts {
  readonly kind: string;
  readonly objects: number;
  readonly waiting: number;
  readonly busy: number;
}

/** All kinds, as long as this replica leads. */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #election: Election;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #runners: readonly KindRunner<KubeObject>[] = [];
  #terms = 0;
  #seenMs: number | null = null;

  constructor(options: OperatorOptions) {
    const { api, namespace, identity, nowMs, now, log, lease } = options;
    this.#options = options;
    this.#election = new Election({
      ...{ ...lease, api, namespace, identity, nowMs, now },
      onError: (error) => log.warn({ err: error, lease: lease.leaseName }, 'the lease could not be read or written'),
      onSeen: () => (this.#seenMs = nowMs()),
    });
  }

  get isLeading(): boolean {
    return this.#election.isLeading;
  }

  /** Terms that this replica began. */
  get terms(): number {
    return this.#terms;
  }

  /** Ms since the API answered last; null: never. */
  get silentMs(): number | null {
    return this.#seenMs === null ? null : this.#options.nowMs() - this.#seenMs;
  }

  counts(): readonly KindCounts[] {
    return this.#runners.map(({ name, objects, waiting, busy }) => ({ kind: name, objects, waiting, busy }));
  }

  start(): void {
    this.#running ??= this.#election.run(this.#stopping.signal, (fence) => this.#lead(fence));
  }

  /** What is in work is cut off, and the lease let go of. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #lead(fence: Fence): Promise<void> {
    const { kinds, log } = this.#options;
    this.#terms++;
    log.info({ term: this.#terms }, 'leading');
    // One kind that ends by a bug ends the term for all: a half-working leader would keep the others from taking over.
    const ended = new AbortController();
    const end = () => ended.abort();
    fence.signal.addEventListener('abort', end);
    if (fence.signal.aborted) end();
    const inner: Fence = { signal: ended.signal, check: () => fence.check() };
    try {
      this.#runners = kinds.map((kind) => new KindRunner(kind, { ...this.#options, fence: inner }));
      const ends = await Promise.allSettled(this.#runners.map((runner) => runner.run().finally(end)));
      for (const one of ends) if (one.status === 'rejected') throw one.reason;
    } finally {
      end();
      fence.signal.removeEventListener('abort', end);
      this.#runners = [];
      log.info({ term: this.#terms }, 'not leading any more');
    }
  }
}
