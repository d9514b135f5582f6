import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import type { Impression } from '@shortlist/core/stores/impression-store.ts';
import type { Item } from '@shortlist/core/stores/item-store.ts';
import type { Line } from './lines.ts';

/** Where a reader puts what it finds in a file. */
export interface Sink {
  event(event: NewEvent): void;
  /** An item as the source describes it. */
  item(item: Item): void;
  /** An item known only from its events; must not overwrite a description. */
  seenItem(item: Item): void;
  impression(impression: Impression): void;
  /** A good line that the source's protocol leaves out; counted by reason. */
  drop(reason: string): void;
  /** A line that cannot be used; counted, and kept in the rejects file. */
  reject(line: number, reason: string, raw: string): void;
}

/**
 * Turns the lines of one file into records. What it emits for a line may depend on that line and those before it, and
 * on nothing else: an interrupted import reads the file again and relies on meeting the same records.
 */
export interface FileReader {
  /** Throws a coded error when the file as a whole cannot be used (its header is wrong). */
  line(line: Line, sink: Sink): void;
  /** After the last line. */
  end(sink: Sink): void;
}

/** One file of a source and how to read it. */
export interface SourceFile {
  /** Names reader and rejects file, e.g. `jsonl-events`. */
  readonly id: string;
  /** What its lines are, for people: items, events, impressions. */
  readonly what: string;
  readonly path: string;
  createReader(): FileReader;
}
