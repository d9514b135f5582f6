import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** What became of one item of a batch. */
export type Outcome<R> = { readonly value: R } | { readonly error: unknown };

export interface BatcherOptions<T, R> {
  /** Computes a batch; outcome `i` belongs to item `i`. A throw fails the whole batch. Never called concurrently. */
  readonly compute: (batch: readonly T[]) => Promise<readonly Outcome<R>[]>;
  /** Rows (candidates) that an item will bring, at most. */
  readonly rowsOf: (item: T) => number;
  /** Moment by which work on the item must have begun, on the clock of `nowMs`. */
  readonly deadlineOf: (item: T) => number;
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number;
  /** Most rows in a batch; one item alone may exceed it. */
  readonly rowsMax: number;
  /** Most items in a batch. */
  readonly requestsMax: number;
  /** Most items that wait; one more is refused. */
  readonly queueMax: number;
  /** 0..10: how long an idle batcher waits for company. 0, the default everywhere: on a CPU a timer only adds latency. */
  readonly waitMs: number;
  readonly onBatch?: (requests: number, rows: number) => void;
  readonly onQueue?: (waiting: number) => void;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly rows: number;
  readonly deadlineMs: number;
  readonly resolve: (value: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Dynamic batching: while one batch computes, items queue; the next batch takes what waits, in order of arrival, up to
 * `rowsMax` and `requestsMax`. An idle batcher starts at once, so a lone request waits for nobody.
 *
 * Every item settles exactly once: with its outcome, or with `overloaded` when the queue is full on arrival or its
 * deadline passed before work on it began (an answer nobody waits for any more is not worth computing).
 */
export class Batcher<T, R> {
  readonly #options: BatcherOptions<T, R>;
  readonly #queue: Waiting<T, R>[] = [];
  #running = false;
  #expired = 0;
  #refused = 0;
  #batches = 0;

  constructor(options: BatcherOptions<T, R>) {
    this.#options = options;
  }

  submit(item: T): Promise<R> {
    if (this.#queue.length >= this.#options.queueMax) {
      this.#refused += 1;
      return Promise.reject(overloaded());
    }
    return new Promise<R>((resolve, reject) => {
      const rows = this.#options.rowsOf(item);
      this.#queue.push({ item, rows, deadlineMs: this.#options.deadlineOf(item), resolve, reject });
      this.#options.onQueue?.(this.#queue.length);
      if (!this.#running) void this.#run();
    });
  }

  status(): { waiting: number; batches: number; expired: number; refused: number } {
    return { waiting: this.#queue.length, batches: this.#batches, expired: this.#expired, refused: this.#refused };
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      if (this.#options.waitMs > 0) await pause(this.#options.waitMs);
      while (this.#queue.length > 0) {
        const batch = this.#take();
        if (batch.length > 0) await this.#compute(batch);
        // Without this turn of the loop a full queue of synchronous batches would keep sockets from being read.
        if (this.#queue.length > 0) await turn();
      }
    } finally {
      this.#running = false;
    }
  }

  #take(): Waiting<T, R>[] {
    const { rowsMax, requestsMax, nowMs } = this.#options;
    const batch: Waiting<T, R>[] = [];
    const now = nowMs();
    let rows = 0;
    let taken = 0;
    for (; taken < this.#queue.length && batch.length < requestsMax; taken++) {
      const next = this.#queue[taken]!;
      if (next.deadlineMs <= now) {
        this.#expired += 1;
        next.reject(overloaded());
        continue;
      }
      if (batch.length > 0 && rows + next.rows > rowsMax) break;
      batch.push(next);
      rows += next.rows;
    }
    this.#queue.splice(0, taken);
    this.#options.onQueue?.(this.#queue.length);
    if (batch.length > 0) this.#options.onBatch?.(batch.length, rows);
    return batch;
  }

  async #compute(batch: readonly Waiting<T, R>[]): Promise<void> {
    this.#batches += 1;
    let outcomes: readonly Outcome<R>[];
    try {
      outcomes = await this.#options.compute(batch.map(({ item }) => item));
      if (outcomes.length !== batch.length)
        throw new Error(`a batch of ${batch.length} gave ${outcomes.length} outcomes`);
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    batch.forEach(({ resolve, reject }, i) => {
      const outcome = outcomes[i]!;
      if ('value' in outcome) resolve(outcome.value);
      else reject(outcome.error);
    });
  }
}

function overloaded(): ShortlistError {
  return new ShortlistError('overloaded', { retryAfterS: 1 });
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
