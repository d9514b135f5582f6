import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** A longer line is no record of a shop; it is skipped, not held in memory. */
const LINE_BYTES_MAX = 1 << 20;
/** Some hundred lines: while they are read, the connection to the database waits for its turn. */
const CHUNK_BYTES = 1 << 16;
const NEWLINE = 0x0a;

export interface Line {
  /** 1-based. */
  readonly number: number;
  readonly text: string;
  /** Why the line cannot be used as text, if so. */
  readonly problem?: string;
}

export interface LinesOfChunk {
  readonly lines: readonly Line[];
  /** Bytes of the file (as it lies on disk) that were read so far. */
  readonly bytesRead: number;
}

/** Splits bytes into lines, across chunks. */
class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  /** A line that is too long is being skipped. */
  #skipping = false;
  #number = 0;

  get number(): number {
    return this.#number;
  }

  push(chunk: Buffer): Line[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.#rest = bytes.subarray(end);
    const lines: Line[] = [];
    if (end > 0) this.#split(bytes.subarray(0, end - 1), lines);
    if (this.#rest.length > LINE_BYTES_MAX) {
      if (!this.#skipping) lines.push(this.#line(this.#rest.subarray(0, 1_000), `longer than ${LINE_BYTES_MAX} bytes`));
      this.#skipping = true;
      this.#rest = Buffer.alloc(0);
    }
    return lines;
  }

  /** The last line, when the file does not end with a line end. */
  end(): Line[] {
    const lines: Line[] = [];
    if (this.#rest.length > 0) this.#split(this.#rest, lines);
    return lines;
  }

  #split(bytes: Buffer, lines: Line[]): void {
    let block = bytes;
    if (this.#skipping) {
      // What precedes the first line end belongs to the long line, which was reported already.
      const end = block.indexOf(NEWLINE);
      this.#skipping = false;
      if (end < 0) return;
      block = block.subarray(end + 1);
    }
    // Whole blocks are checked natively; only a bad one is looked at line by line.
    if (isUtf8(block) && !block.includes(0)) {
      for (const text of block.toString('utf8').split('\n')) lines.push(this.#checked(text));
      return;
    }
    for (let start = 0; start <= block.length;) {
      const newline = block.indexOf(NEWLINE, start);
      const end = newline < 0 ? block.length : newline;
      const line = block.subarray(start, end);
      if (!isUtf8(line)) lines.push(this.#line(line, 'not valid UTF-8'));
      else if (line.includes(0)) lines.push(this.#line(line, 'holds a NUL byte'));
      else lines.push(this.#checked(line.toString('utf8')));
      start = end + 1;
    }
  }

  #checked(text: string): Line {
    this.#number += 1;
    // Chunks are smaller than the limit, but a line may be put together from several.
    if (text.length > LINE_BYTES_MAX) {
      return { number: this.#number, text: text.slice(0, 1_000), problem: `longer than ${LINE_BYTES_MAX} bytes` };
    }
    if (this.#number === 1 && text.startsWith('\uFEFF')) text = text.slice(1);
    return { number: this.#number, text: text.endsWith('\r') ? text.slice(0, -1) : text };
  }

  #line(bytes: Buffer, problem: string): Line {
    this.#number += 1;
    return { number: this.#number, text: bytes.toString('utf8'), problem };
  }
}

/**
 * Reads a text file, gunzipped when its name ends in `.gz`, as lines without their ends, in bounded memory.
 * A byte order mark is removed. @throws `file_unreadable` with the line that was reached
 */
export async function* readLines(path: string): AsyncGenerator<LinesOfChunk> {
  const splitter = new LineSplitter();
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let stream: Readable = file;
  if (path.endsWith('.gz')) {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    file.on('error', (error) => gunzip.destroy(error));
    stream = file.pipe(gunzip);
  }
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield { lines: splitter.push(chunk), bytesRead: file.bytesRead };
    }
    yield { lines: splitter.end(), bytesRead: file.bytesRead };
  } catch (error) {
    throw codedReadError(error, path, splitter.number);
  } finally {
    file.destroy();
  }
}

function codedReadError(error: unknown, path: string, line: number): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  // Damaged gzip (Z_DATA_ERROR, Z_BUF_ERROR: it ends too early) or a file that the system does not give.
  if (!code.startsWith('Z_') && (error as NodeJS.ErrnoException).syscall === undefined) return error;
  return new ShortlistError('file_unreadable', { file: basename(path), line, reason: (error as Error).message });
}
