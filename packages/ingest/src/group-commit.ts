import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

export interface GroupCommitOptions<Entry, Result> {
  /** Commits them together; results parallel to the entries. Throws: nothing of them is committed. */
  readonly commits: readonly ((entries: readonly Entry[]) => Promise<readonly Result[]>)[];
  /** Most entries in one commit; a submission is never split, so it may not be larger. */
  readonly entriesMax: number;
  /** Most entries that wait, those being committed not counted. */
  readonly queueMax: number;
  readonly onCommit?: (entries: number, ms: number) => void;
}

interface Submission<Entry, Result> {
  readonly entries: readonly Entry[];
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: unknown) => void;
}

const RETRY_AFTER_S = 1;

/**
 * Group commit: while one transaction is on its way to disk, submissions gather; the next one takes all that wait. So a
 * lonely event waits for nobody, and thousands share one fsync.
 *
 * Source: DeWitt et al., "Implementation techniques for main memory database systems", SIGMOD 1984, section 5.
 */
export class GroupCommit<Entry, Result> {
  readonly #options: GroupCommitOptions<Entry, Result>;
  #waiting: Submission<Entry, Result>[] = [];
  #waitingEntries = 0;
  readonly #idle: number[];
  #closing: (() => void) | undefined;

  constructor(options: GroupCommitOptions<Entry, Result>) {
    this.#options = options;
    this.#idle = options.commits.map((_, lane) => lane);
  }

  /** Entries that wait for their commit to begin. */
  get depth(): number {
    return this.#waitingEntries;
  }

  /**
   * Resolves when the entries are committed. Throws `overloaded` at once when too many wait, and what the commit threw.
   */
  submit(entries: readonly Entry[]): Promise<readonly Result[]> {
    if (entries.length === 0) return Promise.resolve([]);
    if (this.#waitingEntries + entries.length > this.#options.queueMax) {
      return Promise.reject(new ShortlistError('overloaded', { retryAfterS: RETRY_AFTER_S }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject });
      this.#waitingEntries += entries.length;
      this.#startLane();
    });
  }

  /** Resolves when all that was submitted is settled. */
  async drained(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => (this.#closing = resolve));
  }

  #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#idle.length === this.#options.commits.length;
  }

  #startLane(): void {
    const lane = this.#idle.pop();
    if (lane !== undefined) void this.#run(lane);
  }

  async #run(lane: number): Promise<void> {
    // The requests of one turn of the loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commit(this.#options.commits[lane]!, this.#take());
    this.#idle.push(lane);
    if (this.#isIdle()) this.#closing?.();
  }

  #take(): readonly Submission<Entry, Result>[] {
    let entries = 0;
    let count = 0;
    for (const submission of this.#waiting) {
      if (count > 0 && entries + submission.entries.length > this.#options.entriesMax) break;
      entries += submission.entries.length;
      count += 1;
    }
    this.#waitingEntries -= entries;
    return this.#waiting.splice(0, count);
  }

  async #commit(
    commit: GroupCommitOptions<Entry, Result>['commits'][number],
    group: readonly Submission<Entry, Result>[],
  ): Promise<void> {
    const startedMs = performance.now();
    const entries = group.length === 1 ? group[0]!.entries : group.flatMap((one) => one.entries);
    try {
      const results = await commit(entries);
      let from = 0;
      for (const submission of group) submission.resolve(results.slice(from, (from += submission.entries.length)));
      this.#options.onCommit?.(entries.length, performance.now() - startedMs);
    } catch (error) {
      for (const submission of group) submission.reject(error);
    }
  }
}
