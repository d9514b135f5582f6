import { join } from 'node:path';
import { firstNotFinite } from '../catalog/finite.ts';
import type { Pieces } from '../catalog/pieces.ts';
import { ShortlistError } from '../contracts/errors.ts';
import type { ReleaseFile, ReleaseManifest } from '../contracts/release-manifest.ts';
import type { Pace } from './pace.ts';
import { readReleaseFile, readReleaseFileInto, verifyReleaseFile } from './read-release-file.ts';
import { MANIFEST_FILE, type ReleaseFileKind } from './release-files.ts';

/** The files of one release on disk, each checked when it is read. */
export class ReleaseContent {
  readonly #dir: string;
  readonly #files: ReadonlyMap<string, ReleaseFile>;
  readonly #verifyDigest: boolean;
  readonly #pace: Pace;
  readonly #read = new Set<ReleaseFile>();
  /** What files that are only looked at are read into, one after the other. */
  #lent = new Uint8Array(0);

  constructor(dir: string, manifest: ReleaseManifest, options: { verifyDigests: boolean; pace: Pace }) {
    this.#dir = dir;
    this.#files = new Map(manifest.files.map((file) => [file.path, file]));
    this.#verifyDigest = options.verifyDigests;
    this.#pace = options.pace;
  }

  has(kind: ReleaseFileKind): boolean {
    return this.#files.has(kind.path);
  }

  /** Errors: `release_manifest_invalid` when the manifest does not list it, and those of readReleaseFile. */
  async bytes(kind: ReleaseFileKind): Promise<Uint8Array<ArrayBuffer>> {
    return readReleaseFile(this.#dir, this.#listed(kind), { verifyDigest: this.#verifyDigest, pace: this.#pace });
  }

  /** As `bytes`, for who keeps nothing of it: the next file is read into the same memory. */
  async lent(kind: ReleaseFileKind): Promise<Uint8Array<ArrayBuffer>> {
    const size = this.sizeOf(kind);
    if (this.#lent.length < size) {
      this.letGo();
      this.#lent = new Uint8Array(size);
    }
    const bytes = this.#lent.subarray(0, size);
    await this.bytesInto(kind, bytes);
    return bytes;
  }

  /** Gives back what `lent` read into, at once: a pod that has loaded is not soon due for a collection that would. */
  letGo(): void {
    this.#lent.buffer.transfer(0);
    this.#lent = new Uint8Array(0);
  }

  /** Size of a file that the manifest lists. Errors: `release_manifest_invalid`. */
  sizeOf(kind: ReleaseFileKind): number {
    return this.#listed(kind).bytes;
  }

  /** The whole file into `target`, which is of its size. Errors: as `bytes`. */
  async bytesInto(kind: ReleaseFileKind, target: Uint8Array): Promise<void> {
    const options = { verifyDigest: this.#verifyDigest, pace: this.#pace };
    await readReleaseFileInto(this.#dir, this.#listed(kind), target, options);
  }

  /** As `floats`, into the first rows of `target`. */
  async floatsInto(
    kind: ReleaseFileKind,
    target: Float32Array<ArrayBuffer>,
    columns: number,
    rows: number,
  ): Promise<void> {
    const bytes = this.sizeOf(kind);
    if (bytes !== rows * columns * 4)
      throw unusable(kind, `${rows} rows of ${columns} are ${rows * columns * 4} bytes, it has ${bytes}`);
    const values = target.subarray(0, rows * columns);
    await this.bytesInto(kind, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    await this.#pace.run(checkFinite(kind, values, columns));
  }

  /**
   * A table of `columns` float32 per row, every value finite, in an array with room for `capacity` rows.
   * Errors: also `release_file_invalid`.
   */
  async floats(kind: ReleaseFileKind, rows: number, columns: number, capacity = rows): Promise<Float32Array> {
    const values = new Float32Array(capacity * columns);
    await this.floatsInto(kind, values, columns, rows);
    return values;
  }

  /** What `parse` makes of the file, of which it keeps nothing; what it throws becomes `release_file_invalid`. */
  async parsed<T>(kind: ReleaseFileKind, parse: (bytes: Uint8Array<ArrayBuffer>) => T | Promise<T>): Promise<T> {
    const bytes = await this.lent(kind);
    try {
      return await parse(bytes);
    } catch (cause) {
      if (cause instanceof ShortlistError && cause.code === 'release_file_invalid') throw cause;
      throw unusable(kind, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  /** Path of a file that a native library reads itself, after its digest was checked. */
  async verifiedPath(kind: ReleaseFileKind): Promise<string> {
    const file = this.#listed(kind);
    if (this.#verifyDigest) await verifyReleaseFile(this.#dir, file, this.#pace);
    return join(this.#dir, file.path);
  }

  /** Checks what nobody has asked for so far: reports, and models that a pod only passes on. */
  async verifyUnread(): Promise<void> {
    if (!this.#verifyDigest) return;
    for (const file of this.#files.values())
      if (!this.#read.has(file)) await verifyReleaseFile(this.#dir, file, this.#pace);
  }

  #listed(kind: ReleaseFileKind): ReleaseFile {
    const file = this.#files.get(kind.path);
    if (file !== undefined) {
      this.#read.add(file);
      return file;
    }
    const reason = `it does not list ${kind.path}`;
    throw new ShortlistError('release_manifest_invalid', { file: MANIFEST_FILE, field: 'files', reason });
  }
}

function* checkFinite(kind: ReleaseFileKind, values: Float32Array, columns: number): Pieces<void> {
  const i = yield* firstNotFinite(values);
  if (i >= 0) throw unusable(kind, `row ${Math.floor(i / columns)}, column ${i % columns} is ${String(values[i])}`);
}

function unusable(kind: ReleaseFileKind, reason: string, cause?: unknown): ShortlistError {
  return new ShortlistError('release_file_invalid', { file: kind.path, reason }, { cause });
}
