import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** What became of one item of a batch. */
export type Outcome<R> = { readonly value: R } | { readonly error: unknown };

export interface BatcherOptions<T, R> {
  /** Computes a batch; outcome `i` belongs to item `i`. A throw fails the whole batch. Never called concurrently. */
  readonly compute: (batch: readonly T[]) => Promise<readonly Outcome<R>[]>;
  /** Rows (candidates) that an item will bring, at most. */
  readonly rowsOf: (item: T) => number;
  /** Moment by which the item's outcome must be there, on the clock of `nowMs`. */
  readonly deadlineOf: (item: T) => number;
  /** 0 or 1: what waits in lane 1 gets what lane 0 leaves. Default 0. */
  readonly laneOf?: (item: T) => number;
  /** How long a batch that begins now will take, ms; at most half of an item's time is kept free for it. Default 0. */
  readonly batchMs?: () => number;
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
  /** The item's batch begins, after it waited for so long. */
  readonly onBegin?: (item: T, waitedMs: number) => void;
  /** An item is given up: what it is rejected with. Default `overloaded`. */
  readonly refuse?: (item: T, reason: Refusal) => ShortlistError;
}

/** `full`: there was no room when it came; `expired`: its turn came too late; `yielded`: it made room for lane 0. */
export type Refusal = 'full' | 'expired' | 'yielded';

interface Waiting<T, R> {
  readonly item: T;
  readonly rows: number;
  readonly sinceMs: number;
  readonly deadlineMs: number;
  readonly resolve: (value: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Dynamic batching: while one batch computes, items queue; the next batch takes what waits, lane 0 first, in order of
 * arrival, up to `rowsMax` and `requestsMax`. An idle batcher starts at once, so a lone request waits for nobody.
 *
 * Every item settles exactly once: with its outcome, or with a refusal when the queue is full on arrival, it made room for
 * another, or its deadline cannot be met any more (an answer nobody waits for is not worth computing).
 */
export class Batcher<T, R> {
  readonly #options: BatcherOptions<T, R>;
  readonly #lanes: readonly [Waiting<T, R>[], Waiting<T, R>[]] = [[], []];
  #running = false;
  #expired = 0;
  #refused = 0;
  #batches = 0;

  constructor(options: BatcherOptions<T, R>) {
    this.#options = options;
  }

  submit(item: T): Promise<R> {
    const { rowsOf, deadlineOf, laneOf, nowMs, queueMax, onQueue } = this.#options;
    const lane = laneOf?.(item) ?? 0;
    if (this.#waiting >= queueMax && !(lane === 0 && this.makeRoom())) {
      this.#refused += 1;
      return Promise.reject(this.#refusal(item, 'full'));
    }
    return new Promise<R>((resolve, reject) => {
      const waiting = { item, rows: rowsOf(item), sinceMs: nowMs(), deadlineMs: deadlineOf(item), resolve, reject };
      this.#lanes[lane]!.push(waiting);
      onQueue?.(this.#waiting);
      if (!this.#running) void this.#run();
    });
  }

  /** Gives up the item that came last of those in lane 1; false when there is none. */
  makeRoom(): boolean {
    const last = this.#lanes[1].pop();
    if (last === undefined) return false;
    this.#refused += 1;
    last.reject(this.#refusal(last.item, 'yielded'));
    return true;
  }

  status(): { waiting: number; batches: number; expired: number; refused: number } {
    return { waiting: this.#waiting, batches: this.#batches, expired: this.#expired, refused: this.#refused };
  }

  get #waiting(): number {
    return this.#lanes[0].length + this.#lanes[1].length;
  }

  #refusal(item: T, reason: Refusal): ShortlistError {
    return this.#options.refuse?.(item, reason) ?? new ShortlistError('overloaded', { retryAfterS: 1 });
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      if (this.#options.waitMs > 0) await pause(this.#options.waitMs);
      while (this.#waiting > 0) {
        const batch = this.#take();
        if (batch.length > 0) await this.#compute(batch);
        // Computing takes no turn of the event loop: without this one a queue of batches, or a caller that asks one
        // after the other, would keep sockets from being read and timers from running.
        await turn();
      }
    } finally {
      this.#running = false;
    }
  }

  #take(): Waiting<T, R>[] {
    const batch: Waiting<T, R>[] = [];
    const rows = this.#takeFrom(this.#lanes[1], batch, this.#takeFrom(this.#lanes[0], batch, 0));
    this.#options.onQueue?.(this.#waiting);
    if (batch.length > 0) this.#options.onBatch?.(batch.length, rows);
    return batch;
  }

  /** Moves what fits from the front of a lane to the batch of `rows`; returns its rows then. */
  #takeFrom(lane: Waiting<T, R>[], batch: Waiting<T, R>[], rows: number): number {
    const { rowsMax, requestsMax, nowMs, batchMs, onBegin } = this.#options;
    const now = nowMs();
    const neededMs = batchMs?.() ?? 0;
    let taken = 0;
    for (; taken < lane.length && batch.length < requestsMax; taken++) {
      const next = lane[taken]!;
      const { deadlineMs, sinceMs } = next;
      // Half: whoever has less time than a batch takes is still tried, when it is his turn at once.
      if (deadlineMs - Math.min(neededMs, (deadlineMs - sinceMs) / 2) <= now) {
        this.#expired += 1;
        next.reject(this.#refusal(next.item, 'expired'));
        continue;
      }
      if (batch.length > 0 && rows + next.rows > rowsMax) break;
      batch.push(next);
      rows += next.rows;
      onBegin?.(next.item, now - sinceMs);
    }
    lane.splice(0, taken);
    return rows;
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

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
