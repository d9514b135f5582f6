import type { LiveEntry, LiveTrending } from '../../contracts/live.ts';
import type { LiveNews, LiveStream, StreamedEntry } from '../live-stream.ts';

const IDLE_MS = 1_000;

/** The live stream in an array. */
export class MemoryLiveStream implements LiveStream {
  readonly #entriesMax: number;
  readonly #waiting = new Set<() => void>();
  #entries: { readonly index: number; readonly streamed: StreamedEntry }[] = [];
  #added = 0;
  #trending: LiveTrending | null = null;

  constructor({ entriesMax = 100_000 }: { readonly entriesMax?: number } = {}) {
    this.#entriesMax = entriesMax;
  }

  publish(entries: readonly LiveEntry[]): Promise<void> {
    for (const entry of entries) {
      const timeMs = Date.now();
      this.#added += 1;
      this.#entries.push({ index: this.#added, streamed: { id: `${timeMs}-${this.#added}`, timeMs, entry } });
      if (entry.kind === 'trending') this.#trending = entry;
    }
    this.#entries = this.#entries.slice(-this.#entriesMax);
    for (const wake of this.#waiting) wake();
    return Promise.resolve();
  }

  lastId(): Promise<string> {
    return Promise.resolve(this.#entries.at(-1)?.streamed.id ?? '0-0');
  }

  trending(): Promise<LiveTrending | null> {
    return Promise.resolve(this.#trending);
  }

  async *tail(after: string, signal: AbortSignal): AsyncGenerator<LiveNews, void> {
    let index = Number(after.split('-')[1]);
    while (!signal.aborted) {
      const oldest = this.#entries[0]?.index ?? index + 1;
      if (index > this.#added || oldest > index + 1) {
        yield { missed: true };
        return;
      }
      const entries = this.#entries.filter((entry) => entry.index > index).map(({ streamed }) => streamed);
      index += entries.length;
      yield { missed: false, entries };
      if (index === this.#added) await this.#news(signal);
    }
  }

  /** Until something is published, for a while. */
  async #news(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, IDLE_MS);
      const waiting = this.#waiting;
      function done() {
        clearTimeout(timer);
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      }
      waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}
