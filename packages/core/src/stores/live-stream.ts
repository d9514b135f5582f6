import type { LiveEntry, LiveTrending } from '../contracts/live.ts';

export interface StreamedEntry {
  readonly id: string;
  /** When it was published, ms since 1970. */
  readonly timeMs: number;
  readonly entry: LiveEntry;
}

/** Entries in order (none: nothing new for a while); or that entries may have been missed, and the tail ends. */
export type LiveNews =
  { readonly missed: false; readonly entries: readonly StreamedEntry[] } | { readonly missed: true };

/** The stream from the aggregator to the ranking pods; it keeps the newest entries only. */
export interface LiveStream {
  publish(entries: readonly LiveEntry[]): Promise<void>;
  /** Where the stream ends now; `0-0` when nothing was ever published. Note it, read the snapshot, then tail from it. */
  lastId(): Promise<string>;
  /**
   * What is published after the entry `after`, as it comes; a turn at least every second, also without entries. After
   * `missed` read the snapshot again. Ends when `signal` is aborted; throws when the server cannot be reached.
   */
  tail(after: string, signal: AbortSignal): AsyncGenerator<LiveNews, void>;
  /** The newest trending lists that were published, for a pod that starts; null when there are none. */
  trending(): Promise<LiveTrending | null>;
}

/** Publishing time in an entry's id. */
export const timeOfId = (id: string): number => Number.parseInt(id, 10);
