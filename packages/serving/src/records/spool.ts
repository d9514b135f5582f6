import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, utimes, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { frame, HEADER_BYTES, isWhole, scanFrames, type FramePlace, type RecordBatch } from './frames.ts';

/** A segment is closed when it has grown to this, and its file goes when all of it is acknowledged. */
const SEGMENT_BYTES = 4 << 20;
/** One that is acknowledged as a whole goes already at this: it is what a process that comes after a kill sends twice. */
const ACKNOWLEDGED_BYTES = 1 << 20;
/** A folder whose owner has not touched it for so long is nobody's; owners touch theirs every second. */
const ABANDONED_MS = 5_000;
const ENDING = '.spool';

interface Segment {
  readonly path: string;
  /** Of those we write; null for adopted ones. */
  readonly file: FileHandle | null;
  bytes: number;
  unacknowledged: number;
  /** Somebody took it for abandoned and has it now. */
  isGone: boolean;
}

/** A batch on disk. */
export interface SpooledBatch {
  readonly segment: Segment;
  readonly place: FramePlace;
}

/** Whether it is no longer ours. */
export const isGone = ({ segment }: SpooledBatch): boolean => segment.isGone;

export interface Adopted {
  readonly batches: readonly SpooledBatch[];
  readonly tornBytes: number;
}

/**
 * Batches of records on disk until somebody has taken them. Each process writes segments in a folder of its own below
 * `folder`, so no two share one; what a killed process left is taken over, file by file (a rename is atomic), by
 * whichever comes first.
 *
 * Written without fsync: it survives the end of the process, not that of the machine. Calls that overlap take turns, but
 * for `read`.
 */
export class RecordSpool {
  readonly #root: string;
  readonly #folder: string;
  readonly #bytesMax: number;
  #active: Segment | null = null;
  readonly #own = new Set<Segment>();
  #last: Promise<unknown> = Promise.resolve();
  #number = 0;
  #bytes = 0;

  private constructor(root: string, bytesMax: number) {
    this.#root = root;
    this.#bytesMax = bytesMax;
    this.#folder = join(root, `${hostname()}-${process.pid}-${randomBytes(6).toString('hex')}`);
  }

  /** Makes the folder. Throws what the file system throws. */
  static async open(root: string, bytesMax: number): Promise<RecordSpool> {
    const spool = new RecordSpool(root, bytesMax);
    await mkdir(spool.#folder, { recursive: true });
    return spool;
  }

  /** On disk, adopted segments included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends them, in order; null: no room is left. Throws what the file system throws: then none of them is there. */
  append(batches: readonly RecordBatch[]): Promise<readonly SpooledBatch[] | null> {
    return this.#inTurn(() => this.#append(batches));
  }

  async #append(batches: readonly RecordBatch[]): Promise<readonly SpooledBatch[] | null> {
    const segment = await this.#writable();
    const { bytes, places } = frame(batches, segment.bytes);
    if (this.#bytes + bytes.length > this.#bytesMax) return null;
    for (let written = 0; written < bytes.length;) {
      // At a place of its own: what a failed write left there is overwritten by the next.
      const { bytesWritten } = await segment.file!.write(
        bytes,
        written,
        bytes.length - written,
        segment.bytes + written,
      );
      written += bytesWritten;
    }
    segment.bytes += bytes.length;
    segment.unacknowledged += places.length;
    this.#bytes += bytes.length;
    return places.map((place) => ({ segment, place }));
  }

  /** A batch's lines; null when the disk has not kept them as they were. */
  async read({ segment, place }: SpooledBatch): Promise<Buffer | null> {
    const bytes = Buffer.allocUnsafe(HEADER_BYTES + place.length);
    const file = segment.file ?? (await open(segment.path, 'r'));
    try {
      await file.read(bytes, 0, bytes.length, place.offset - HEADER_BYTES);
    } finally {
      if (segment.file === null) await file.close();
    }
    const payload = bytes.subarray(HEADER_BYTES);
    return isWhole(bytes, payload) ? payload : null;
  }

  /** These need not be kept any more. */
  acknowledge(batches: readonly SpooledBatch[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const { segment } of batches) segment.unacknowledged -= 1;
      for (const segment of new Set(batches.map((batch) => batch.segment))) {
        if (segment.unacknowledged > 0 || segment.isGone) continue;
        if (segment !== this.#active) await this.#remove(segment);
        else if (segment.bytes >= ACKNOWLEDGED_BYTES) await this.#rotate();
      }
    });
  }

  /** Says that the owner lives. False: what was written so far is gone (`isGone`), taken for abandoned. */
  touch(): Promise<boolean> {
    return this.#inTurn(() => this.#touch());
  }

  async #touch(): Promise<boolean> {
    const now = new Date();
    try {
      await utimes(this.#folder, now, now);
      if (this.#active !== null) await stat(this.#active.path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(this.#folder, { recursive: true });
      for (const segment of this.#own) {
        segment.isGone = true;
        this.#bytes -= segment.bytes;
        await segment.file?.close();
      }
      this.#own.clear();
      this.#active = null;
      return false;
    }
  }

  /** Takes over what ended processes left, oldest first. */
  adopt(): Promise<Adopted> {
    return this.#inTurn(() => this.#adopt());
  }

  async #adopt(): Promise<Adopted> {
    const batches: SpooledBatch[] = [];
    let tornBytes = 0;
    for (const folder of await this.#abandoned()) {
      for (const name of (await readdir(folder)).filter((one) => one.endsWith(ENDING)).sort()) {
        const path = this.#nextPath();
        if (!(await moved(join(folder, name), path))) continue;
        const { places, tornBytes: torn } = scanFrames(await readFile(path));
        tornBytes += torn;
        const bytes = places.reduce((sum, { length }) => sum + HEADER_BYTES + length, torn);
        const segment: Segment = { path, file: null, bytes, unacknowledged: places.length, isGone: false };
        this.#own.add(segment);
        this.#bytes += bytes;
        if (places.length === 0) await this.#remove(segment);
        batches.push(...places.map((place) => ({ segment, place })));
      }
      // Not empty: another process is at it.
      await rmdir(folder).catch(() => undefined);
    }
    return { batches, tornBytes };
  }

  /** Closes what is open; what is acknowledged as a whole goes. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#active?.unacknowledged === 0) await this.#remove(this.#active);
      for (const { file } of this.#own) await file?.close();
      // Not empty: left to the process that comes next.
      await rmdir(this.#folder).catch(() => undefined);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #nextPath(): string {
    this.#number += 1;
    return join(this.#folder, `${String(this.#number).padStart(9, '0')}${ENDING}`);
  }

  async #writable(): Promise<Segment> {
    if (this.#active !== null && this.#active.bytes >= SEGMENT_BYTES) await this.#rotate();
    if (this.#active !== null) return this.#active;
    const path = this.#nextPath();
    this.#active = { path, file: await open(path, 'wx+'), bytes: 0, unacknowledged: 0, isGone: false };
    this.#own.add(this.#active);
    return this.#active;
  }

  /** The next append begins a new file. */
  async #rotate(): Promise<void> {
    const segment = this.#active;
    this.#active = null;
    if (segment?.unacknowledged === 0) await this.#remove(segment);
  }

  async #remove(segment: Segment): Promise<void> {
    this.#own.delete(segment);
    this.#bytes -= segment.bytes;
    await segment.file?.close();
    await rm(segment.path, { force: true });
  }

  async #abandoned(): Promise<string[]> {
    const found: { readonly path: string; readonly touchedMs: number }[] = [];
    for (const entry of await readdir(this.#root, { withFileTypes: true })) {
      const path = join(this.#root, entry.name);
      if (!entry.isDirectory() || path === this.#folder) continue;
      const touchedMs = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Infinity,
      );
      if (Date.now() - touchedMs > ABANDONED_MS) found.push({ path, touchedMs });
    }
    return found.sort((a, b) => a.touchedMs - b.touchedMs).map(({ path }) => path);
  }
}

/** False: somebody else was faster. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
