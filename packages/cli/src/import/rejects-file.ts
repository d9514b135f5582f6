import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codedWriteError } from '../write-error.ts';

const RAW_CHARACTERS_MAX = 2_000;
/** Further rejects are counted only: whoever has so many needs another file, not a longer list. */
const LINES_MAX = 100_000;

/**
 * The lines of one file that could not be used, as JSON lines `{line, reason, raw}`. It is written anew by each run,
 * which reads the file from its beginning; without rejects there is no file.
 */
export class RejectsFile {
  readonly path: string;
  readonly #folder: string;
  #descriptor: number | undefined;
  #waiting: string[] = [];
  #written = 0;

  static pathOf(folder: string, id: string): string {
    return join(folder, `${id}.jsonl`);
  }

  constructor(folder: string, id: string) {
    this.#folder = folder;
    this.path = RejectsFile.pathOf(folder, id);
    rmSync(this.path, { force: true });
  }

  add(line: number, reason: string, raw: string): void {
    if (this.#written >= LINES_MAX) return;
    this.#written += 1;
    this.#waiting.push(JSON.stringify({ line, reason, raw: raw.slice(0, RAW_CHARACTERS_MAX) }));
  }

  /** @throws `disk_full`, `output_unwritable` */
  flush(): void {
    if (this.#waiting.length === 0) return;
    try {
      if (this.#descriptor === undefined) {
        mkdirSync(this.#folder, { recursive: true });
        this.#descriptor = openSync(this.path, 'w');
      }
      // Goes on where the last one ended; unlike a plain write it writes all or throws.
      writeFileSync(this.#descriptor, `${this.#waiting.join('\n')}\n`);
    } catch (error) {
      throw codedWriteError(error, this.path);
    }
    this.#waiting = [];
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
