export interface CachedAnswer {
  /** JSON; null when there is none that is not outdated. */
  readonly value: string | null;
  /** Hand it to `write`: an answer that was outdated while it was computed is then never served. */
  readonly version: string;
}

/** Ready answers under a name (`trending`, ...) and a key, which may be dropped at any time. */
export interface AnswerCache {
  read(name: string, key: string): Promise<CachedAnswer>;
  write(name: string, key: string, answer: { version: string; value: string; ttlS: number }): Promise<void>;
  /** Drops every answer under `name`, also those that are being computed. */
  outdate(name: string): Promise<void>;
}
