import { open, rm, type FileHandle } from 'node:fs/promises';
import { writeAtomically } from '@shortlist/core/release/durable-write.ts';
import { codedWriteError } from '../write-error.ts';
import { readProgress, type SlateProgress } from './slate-progress.ts';

/**
 * A growing file of lines with its progress beside it (`<file>.progress.json`): a batch is on disk before the progress
 * says so, and what lies behind the progress after a crash is cut off. So an interrupted job goes on where it stood.
 */
export class SlateFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #progress: SlateProgress;

  private constructor(path: string, handle: FileHandle, progress: SlateProgress) {
    this.#path = path;
    this.#handle = handle;
    this.#progress = progress;
  }

  /** Opens it to go on after an earlier run with the same `job`; starts anew when there is none. */
  static async open(path: string, job: string): Promise<SlateFile> {
    const before = await readProgress(progressPath(path));
    const progress = before?.job === job ? before : { job, lastUnit: '', users: 0, bytes: 0 };
    try {
      const handle = await open(path, progress.bytes === 0 ? 'w' : 'r+');
      await handle.truncate(progress.bytes);
      return new SlateFile(path, handle, progress);
    } catch (error) {
      throw codedWriteError(error, path);
    }
  }

  get progress(): SlateProgress {
    return this.#progress;
  }

  /** Adds lines, of users up to `lastUnit`; on disk when it returns. */
  async append(lines: readonly string[], lastUnit: string): Promise<void> {
    const { bytes, users } = this.#progress;
    const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    try {
      for (let done = 0; done < text.length;) {
        const { bytesWritten } = await this.#handle.write(text, done, text.length - done, bytes + done);
        done += bytesWritten;
      }
      await this.#handle.sync();
      this.#progress = { ...this.#progress, lastUnit, users: users + lines.length, bytes: bytes + text.length };
      await writeAtomically(progressPath(this.#path), JSON.stringify(this.#progress));
    } catch (error) {
      throw codedWriteError(error, this.#path);
    }
  }

  /** The job is done: the progress is not needed any more. */
  async forgetProgress(): Promise<void> {
    await rm(progressPath(this.#path), { force: true });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

const progressPath = (path: string): string => `${path}.progress.json`;
