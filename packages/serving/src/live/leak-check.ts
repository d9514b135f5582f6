import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveTruth } from '@shortlist/core/stores/live-truth.ts';

export interface LeakCheckOptions {
  readonly truth: Pick<LiveTruth, 'unavailableSince'>;
  /** Every how many-th slate is checked. */
  readonly every: number;
  /** Told of every leak. */
  readonly onLeak: (itemIds: readonly string[]) => void;
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds, monotonic. */
  readonly nowMs?: () => number;
  /** Least time between two questions to the database, and after one that failed. */
  readonly pauseMs?: number;
  readonly failurePauseMs?: number;
}

export interface LeakCheckStatus {
  /** Items that were served although they had not been available for longer than the grace. Must stay 0. */
  readonly leaks: number;
  readonly slates_checked: number;
  readonly items_checked: number;
  /** Slates that were due but found the queue full. */
  readonly slates_skipped: number;
  readonly every: number;
}

/** A pod needs this long to hear of a change. */
const GRACE_S = 1;
const QUEUE_MAX = 64;
const PAUSE_MS = 20;
const FAILURE_PAUSE_MS = 1_000;

interface Served {
  readonly itemIds: readonly string[];
  readonly atMs: number;
}

/**
 * Compares what was served with the truth in PostgreSQL: every n-th slate, one after the other, never on the request path.
 * A leak is an item that had not been available for longer than a second when it was served. The check may miss one (of an
 * item that came back, or was changed in another way, before its turn), and never counts one too many.
 */
export class LeakCheck {
  readonly #options: LeakCheckOptions;
  readonly #nowMs: () => number;
  readonly #queue: Served[] = [];
  #untilNext: number;
  #working: Promise<void> | null = null;
  #closed = false;
  #leaks = 0;
  #slates = 0;
  #items = 0;
  #skipped = 0;

  constructor(options: LeakCheckOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#untilNext = options.every;
  }

  /** A slate goes out. O(1) but for the slates that are checked. */
  served(itemIdsOf: () => readonly string[]): void {
    if (--this.#untilNext > 0) return;
    this.#untilNext = this.#options.every;
    if (this.#closed) return;
    if (this.#queue.length >= QUEUE_MAX) {
      this.#skipped += 1;
      return;
    }
    this.#queue.push({ itemIds: itemIdsOf(), atMs: this.#nowMs() });
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  status(): LeakCheckStatus {
    return {
      leaks: this.#leaks,
      slates_checked: this.#slates,
      items_checked: this.#items,
      slates_skipped: this.#skipped,
      every: this.#options.every,
    };
  }

  /** Finishes the question that is being asked and drops what waits. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#queue.length = 0;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { truth, onLeak, onFailure, pauseMs = PAUSE_MS, failurePauseMs = FAILURE_PAUSE_MS } = this.#options;
    for (let slate = this.#queue.shift(); slate !== undefined; slate = this.#queue.shift()) {
      try {
        const agoS = (this.#nowMs() - slate.atMs) / 1000 + GRACE_S;
        const leaked = await truth.unavailableSince(slate.itemIds, agoS);
        this.#slates += 1;
        this.#items += slate.itemIds.length;
        if (leaked.length > 0) {
          this.#leaks += leaked.length;
          onLeak(leaked);
        }
      } catch (error) {
        onFailure(error);
        await sleep(failurePauseMs);
      }
      await sleep(pauseMs);
    }
  }
}
