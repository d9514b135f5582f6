import { backoffMs, type BackoffOptions } from './backoff.ts';
import { DueHeap } from './due-heap.ts';

export interface WorkQueueOptions {
  readonly backoff: BackoffOptions;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly chance: () => number;
}

/**
 * Keys of what has to be looked at. A key waits in it once, whatever was added; the earliest time wins. It is never
 * taken twice at a time: added while it is worked on, it comes again afterwards. Knows no timers: `take` gives what is
 * due now, `nextDueMs` says when to ask again.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** When each waiting key is due; what the heap says otherwise of it is out of date. */
  readonly #due = new Map<string, number>();
  readonly #heap = new DueHeap();
  readonly #busy = new Set<string>();
  readonly #failures = new Map<string, number>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait, whether due or not. */
  get waiting(): number {
    return this.#due.size;
  }

  /** Keys that are being worked on. */
  get busy(): number {
    return this.#busy.size;
  }

  add(key: string, afterMs = 0): void {
    const atMs = this.#options.nowMs() + afterMs;
    const before = this.#due.get(key);
    if (before !== undefined && before <= atMs) return;
    this.#due.set(key, atMs);
    if (!this.#busy.has(key)) this.#push(key, atMs);
  }

  /** A key that is due, the longest waiting first; null: none is. Give it back by `done`. */
  take(): string | null {
    const nowMs = this.#options.nowMs();
    const first = this.#firstDue();
    if (first === undefined || first.atMs > nowMs) return null;
    this.#heap.pop();
    this.#due.delete(first.key);
    this.#busy.add(first.key);
    return first.key;
  }

  /** It was worked on. `failed`: it comes again with backoff; else what it failed before is forgotten. */
  done(key: string, failed: boolean): void {
    this.#busy.delete(key);
    const wanted = this.#due.get(key);
    if (wanted !== undefined) this.#push(key, wanted);
    if (!failed) {
      this.#failures.delete(key);
      return;
    }
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.add(key, backoffMs(this.#options.backoff, failures, this.#options.chance()));
  }

  /** Nothing is known of it any more. */
  forget(key: string): void {
    this.#due.delete(key);
    this.#failures.delete(key);
  }

  /** How long until something is due (0: now); null: nothing waits, or only what is being worked on. */
  nextDueMs(): number | null {
    const first = this.#firstDue();
    return first === undefined ? null : Math.max(0, first.atMs - this.#options.nowMs());
  }

  #firstDue() {
    for (;;) {
      const first = this.#heap.first;
      if (first === undefined) return undefined;
      if (this.#due.get(first.key) === first.atMs && !this.#busy.has(first.key)) return first;
      this.#heap.pop();
    }
  }

  #push(key: string, atMs: number): void {
    this.#heap.push(key, atMs);
    // Entries that are out of date may not outgrow those that are not.
    if (this.#heap.size <= 2 * this.#due.size + 64) return;
    while (this.#heap.pop() !== undefined);
    for (const [waiting, dueMs] of this.#due) if (!this.#busy.has(waiting)) this.#heap.push(waiting, dueMs);
  }
}
