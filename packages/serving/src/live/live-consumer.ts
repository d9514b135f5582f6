import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { LiveEntry, LiveItem } from '@shortlist/core/contracts/live.ts';
import type { LiveTruth } from '@shortlist/core/stores/live-truth.ts';
import type { LiveStream, StreamedEntry } from '@shortlist/core/stores/live-stream.ts';
import type { LiveState } from './live-state.ts';

export interface LiveConsumerOptions {
  readonly stream: LiveStream;
  /** Null: the stream is all there is, and what was published before the pod started stays unknown. */
  readonly truth: Pick<LiveTruth, 'items' | 'counters'> | null;
  readonly state: LiveState;
  /** Told of every failure; the consumer goes on. */
  readonly onFailure: (what: 'live_stream' | 'live_snapshot', error: unknown) => void;
  /** Milliseconds since 1970, the clock of the stream's entries. */
  readonly nowMs?: () => number;
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
}

export interface LiveConsumerStatus {
  /** Age of what the pod knows. An idle stream is looked at once a second, so that up to about 1 is none. */
  readonly lag_s: number;
  /** The last entry that was applied, or that the tail began behind; null before Redis was ever reached. */
  readonly stream_id: string | null;
  /** Since the last whole snapshot; null before the first. */
  readonly snapshot_age_s: number | null;
  readonly snapshots: number;
  readonly entries: number;
  /** Why it is behind, if it is; null when all is well. */
  readonly failure: string | null;
}

/** Items whose counters are taken over between two turns of the event loop: about a millisecond. */
const COUNTERS_PER_TURN = 500;
const BACKOFF = { firstMs: 100, maxMs: 5_000 };

/**
 * Follows the live stream: notes where it ends, reads the snapshot, tails from there; when entries were missed, again. The
 * two may go on at the same time, since whatever is older than what is known is ignored. Redis or PostgreSQL away: the pod
 * serves from what it has, tries again with growing pauses, and its lag grows.
 */
export class LiveConsumer {
  readonly #options: LiveConsumerOptions;
  readonly #nowMs: () => number;
  readonly #stop = new AbortController();
  #tailing: Promise<void> = Promise.resolve();
  #snapshotting: Promise<void> = Promise.resolve();
  /** Snapshots asked for, and the number of the last one that is whole: the state is whole when they are equal. */
  #wanted = 0;
  #whole = 0;
  #snapshots = 0;
  #entries = 0;
  #streamId: string | null = null;
  #snapshotAtMs: number | null = null;
  /** The time that everything up to is known of. */
  #knownUntilMs: number;
  /** The same as far as the stream goes, whose entries may rest on a snapshot that is not read yet; null before a turn. */
  #tailedUntilMs: number | null = null;
  #failures: Partial<Record<'live_stream' | 'live_snapshot', string>> = {};
  readonly #firstTurn = Promise.withResolvers<void>();

  constructor(options: LiveConsumerOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#knownUntilMs = this.#nowMs();
  }

  start(): void {
    this.#tailing = this.#followForEver();
  }

  /** Resolves when the pod has caught up for the first time. */
  get caughtUp(): Promise<void> {
    return this.#firstTurn.promise;
  }

  /** Reads the snapshot again: something is needed that was not kept. */
  refresh(): void {
    if (this.#streamId !== null) this.#takeSnapshot();
  }

  /** Age of what the pod knows. */
  get lagS(): number {
    return Math.max(0, this.#nowMs() - this.#knownUntilMs) / 1000;
  }

  status(): LiveConsumerStatus {
    return {
      lag_s: Math.round(this.lagS * 1000) / 1000,
      stream_id: this.#streamId,
      snapshot_age_s: this.#snapshotAtMs === null ? null : Math.round((this.#nowMs() - this.#snapshotAtMs) / 1000),
      snapshots: this.#snapshots,
      entries: this.#entries,
      failure: Object.values(this.#failures).join(' ') || null,
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#tailing;
    await this.#snapshotting;
  }

  async #followForEver(): Promise<void> {
    const { signal } = this.#stop;
    let after: string | null = null;
    await this.#again('live_stream', async (succeeded) => {
      if (after === null) {
        after = await this.#options.stream.lastId();
        this.#streamId = after;
        this.#takeSnapshot();
        const trending = await this.#options.stream.trending();
        if (trending !== null) this.#options.state.applyTrending(trending);
      }
      for await (const news of this.#options.stream.tail(after, signal)) {
        if (news.missed) {
          after = null;
          this.#tailedUntilMs = null;
          return;
        }
        await this.#apply(news.entries);
        after = news.entries.at(-1)?.id ?? after;
        this.#streamId = after;
        succeeded();
        this.#noteProgress(news.entries);
      }
    });
  }

  /** Items first: lists may name new ones. */
  async #apply(entries: readonly StreamedEntry[]): Promise<void> {
    this.#entries += entries.length;
    await this.#options.state.applyItems(entries.flatMap(({ entry }) => (entry.kind === 'item' ? [entry] : [])));
    for (const { entry } of entries) if (entry.kind !== 'item') this.#applyOther(entry);
  }

  #applyOther(entry: Exclude<LiveEntry, LiveItem>): void {
    const { state } = this.#options;
    if (entry.kind === 'counters') state.applyCounters(entry.items);
    else if (entry.kind === 'trending') state.applyTrending(entry);
    else state.applyCoVisitation(entry);
  }

  #noteProgress(entries: readonly StreamedEntry[]): void {
    const now = this.#nowMs();
    this.#tailedUntilMs = Math.min(now, entries.at(-1)?.timeMs ?? now);
    this.#settle();
  }

  #settle(): void {
    if (this.#whole < this.#wanted || this.#tailedUntilMs === null) return;
    this.#knownUntilMs = Math.max(this.#knownUntilMs, this.#tailedUntilMs);
    this.#firstTurn.resolve();
  }

  /** Asks for a snapshot that is begun from now on; one that is being read was begun too early. */
  #takeSnapshot(): void {
    this.#wanted += 1;
    this.#snapshotting = this.#snapshotting.then(() => this.#readSnapshot());
  }

  async #readSnapshot(): Promise<void> {
    const { truth, state } = this.#options;
    await this.#again(
      'live_snapshot',
      async (succeeded) => {
        if (this.#whole === this.#wanted) return;
        const number = this.#wanted;
        const begunMs = this.#nowMs();
        for await (const items of truth?.items() ?? []) {
          await state.applyItems(items);
          await turn();
          if (this.#stop.signal.aborted) return;
        }
        for await (const counters of truth?.counters() ?? [])
          for (let from = 0; from < counters.length; from += COUNTERS_PER_TURN) {
            state.applyCounters(counters.slice(from, from + COUNTERS_PER_TURN));
            await turn();
            if (this.#stop.signal.aborted) return;
          }
        await state.completeCounters();
        this.#whole = number;
        this.#snapshotAtMs = begunMs;
        this.#snapshots += 1;
        succeeded();
        this.#settle();
      },
      () => this.#whole === this.#wanted,
    );
  }

  /** Does `work` again and again, after a failure with growing pauses, until stopped or `done`. */
  async #again(
    what: 'live_stream' | 'live_snapshot',
    work: (succeeded: () => void) => Promise<void>,
    done: () => boolean = () => false,
  ): Promise<void> {
    const { firstMs, maxMs } = this.#options.backoff ?? BACKOFF;
    const { signal } = this.#stop;
    let pauseMs = firstMs;
    while (!signal.aborted && !done()) {
      try {
        await work(() => {
          pauseMs = firstMs;
          delete this.#failures[what];
        });
        if (!done()) await turn();
      } catch (error) {
        if (signal.aborted) return;
        this.#failures[what] = error instanceof Error ? error.message : String(error);
        this.#options.onFailure(what, error);
        await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
        pauseMs = Math.min(maxMs, 2 * pauseMs);
      }
    }
  }
}
