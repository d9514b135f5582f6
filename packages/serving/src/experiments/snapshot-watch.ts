import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomically } from '@shortlist/core/release/durable-write.ts';
import type { AssignmentSnapshots } from '@shortlist/core/stores/assignment-snapshots.ts';
import type { Subscription } from '@shortlist/core/stores/invalidations.ts';
import type { AssignmentBook } from './assignment-book.ts';

/** Notices can be lost; a pod obeys a new snapshot within this time all the same, and the rest of 10 s is reserve. */
const POLL_MS = 2_000;

export interface SnapshotWatchOptions {
  readonly book: AssignmentBook;
  /** Redis, or a file that somebody writes. */
  readonly from: { readonly store: Pick<AssignmentSnapshots, 'read' | 'subscribe'> } | { readonly file: string };
  /** Where the last good one is kept for a start without its source. */
  readonly keptFile: string;
  readonly pollMs?: number;
  /** Another snapshot is in force. `replaced`: the lineage that it does not go on with; null where it does. */
  readonly onTaken: (replaced: string | null) => void;
  /** One was refused, or could not be read or kept; told once for each reason. */
  readonly onFailure: (what: string, error: unknown) => void;
}

/** Brings snapshots to the book: at start the one kept on disk, then what the source has, at once and again and again. */
export class SnapshotWatch {
  readonly #options: SnapshotWatchOptions;
  #subscription: Subscription | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  /** Look again after the present look, since a notice came meanwhile. */
  #again = false;
  #lastFailure = '';

  constructor(options: SnapshotWatchOptions) {
    this.#options = options;
  }

  /** Resolves when the source was asked once; one that does not answer keeps nothing from starting. */
  async start(): Promise<void> {
    const { from, pollMs, keptFile } = this.#options;
    const kept = await textOf(keptFile).catch((error: unknown) => (this.#failed('kept snapshot', error), null));
    if (kept !== null) this.#offer(kept, 'disk');
    await this.#look();
    if ('store' in from) this.#subscription = from.store.subscribe(() => void this.#look());
    this.#timer = setInterval(() => void this.#look(), pollMs ?? POLL_MS).unref();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#subscription?.close();
    await this.#looking;
  }

  #look(): Promise<void> {
    if (this.#looking !== null) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#lookUntilQuiet().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#again = false;
      await this.#lookOnce();
    } while (this.#again);
  }

  async #lookOnce(): Promise<void> {
    const { from, keptFile } = this.#options;
    try {
      const text = 'store' in from ? await from.store.read() : await textOf(from.file);
      this.#lastFailure = '';
      // A source that lost everything has nothing to say about what is in force.
      if (text === null || this.#offer(text, 'store' in from ? 'redis' : 'file') !== 'taken') return;
      await mkdir(dirname(keptFile), { recursive: true });
      await writeAtomically(keptFile, text);
    } catch (error) {
      this.#failed('assignment snapshot', error);
    }
  }

  #offer(text: string, source: 'redis' | 'file' | 'disk'): string {
    const { book, onTaken, onFailure } = this.#options;
    const before = book.status().lineage;
    const outcome = book.offer(text, source);
    if (outcome === 'taken') onTaken(before === book.status().lineage ? null : before);
    if (outcome === 'refused') onFailure('assignment snapshot', new Error(book.status().last_refusal!.reason));
    return outcome;
  }

  #failed(what: string, error: unknown): void {
    const failure = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    if (failure !== this.#lastFailure) this.#options.onFailure(what, error);
    this.#lastFailure = failure;
  }
}

/** Null for a file that is not there. */
async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
