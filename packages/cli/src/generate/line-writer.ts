import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { codedWriteError } from '../write-error.ts';

const BUFFER_CHARS = 1 << 18;

/**
 * Writes one JSON value per line. Each write is awaited before the next, so a slow disk slows the maker down instead of
 * filling memory. Lines go to `<file>.partial`; `close` renames it, so a file under its own name is always whole.
 *
 * Errors: `disk_full`, `output_closed`, `output_unwritable`, each with the path.
 */
export class LineWriter {
  private readonly path: string;
  private readonly handle: FileHandle;
  private readonly hash: Hash = createHash('sha256');
  private buffer = '';
  lines = 0;
  bytes = 0;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.handle = handle;
  }

  static async open(path: string): Promise<LineWriter> {
    try {
      return new LineWriter(path, await open(partial(path), 'w'));
    } catch (error) {
      throw codedWriteError(error, path);
    }
  }

  /** Adds a line; true when the buffer is full and `flush` should be awaited. */
  add(value: object): boolean {
    this.buffer += JSON.stringify(value) + '\n';
    this.lines++;
    return this.buffer.length >= BUFFER_CHARS;
  }

  async flush(): Promise<void> {
    const chunk = Buffer.from(this.buffer, 'utf8');
    this.buffer = '';
    this.hash.update(chunk);
    try {
      for (let from = 0; from < chunk.length;) {
        const { bytesWritten } = await this.handle.write(chunk, from);
        from += bytesWritten;
      }
    } catch (error) {
      throw codedWriteError(error, this.path);
    }
    this.bytes += chunk.length;
  }

  /** Writes the rest, makes it durable, gives the file its name and answers its sha256. */
  async close(): Promise<string> {
    await this.flush();
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(partial(this.path), this.path);
    } catch (error) {
      throw codedWriteError(error, this.path);
    }
    return this.hash.digest('hex');
  }

  /** Gives up: nothing is left behind, not even what `close` named already, since it is part of a broken set. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined); // it may be closed already; the file goes either way
    await rm(partial(this.path), { force: true });
    await rm(this.path, { force: true });
  }
}

const partial = (path: string): string => `${path}.partial`;
