/** What XINFO STREAM says. */
export interface StreamSummary {
  readonly length: number;
  /** Entries that were ever added, the trimmed ones included. */
  readonly added: number;
  /** Of the oldest entry that is still there. */
  readonly firstId: string | null;
  readonly lastId: string;
}

/** How far a reader has come in a stream, and whether entries went away before it got to them. */
export class StreamPosition {
  #id: string;
  /** How many entries had been added with this one; undefined until it can be told. */
  #index: number | undefined;

  constructor(id: string) {
    this.#id = id;
  }

  /** The last entry that was read. */
  get id(): string {
    return this.#id;
  }

  /**
   * Goes on by the entries that a read after `id` gave; `summary` was taken after that read, null when there is no
   * stream. Returns false when entries may have been missed: trimmed away, or the stream is another one.
   */
  advance(ids: readonly string[], summary: StreamSummary | null): boolean {
    if (summary === null) return ids.length === 0 && this.#id === '0-0';
    const [first, last] = [ids[0], ids.at(-1)];
    if (first === undefined || last === undefined) {
      if (isBefore(summary.lastId, this.#id)) return false;
      if (summary.lastId === this.#id) this.#index = summary.added;
      return true;
    }
    // The read began at or after the oldest entry that is left unless that one is the first it gave, or gone by now.
    const removed = summary.added - summary.length;
    const firstIndex = first === summary.firstId ? removed + 1 : undefined;
    const isOldest = firstIndex !== undefined || summary.firstId === null || isBefore(first, summary.firstId);
    if (isOldest && !this.#follows(firstIndex, removed)) return false;
    if (last === summary.lastId) this.#index = summary.added;
    else if (firstIndex !== undefined) this.#index = firstIndex + ids.length - 1;
    else if (this.#index !== undefined) this.#index += ids.length;
    this.#id = last;
    return true;
  }

  #follows(firstIndex: number | undefined, removed: number): boolean {
    if (this.#index !== undefined && firstIndex !== undefined) return firstIndex === this.#index + 1;
    return this.#id === '0-0' && removed === 0;
  }
}

function isBefore(a: string, b: string): boolean {
  const [aMs, aSeq] = a.split('-').map(Number);
  const [bMs, bSeq] = b.split('-').map(Number);
  return aMs! < bMs! || (aMs === bMs && aSeq! < bSeq!);
}
