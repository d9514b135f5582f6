import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ShortlistError } from '../contracts/errors.ts';
import type { ReleaseFile } from '../contracts/release-manifest.ts';
import { Pace } from './pace.ts';

/** Read and hashed at a time: long enough to be fast, short enough (about a ms) that a serving pod stays responsive. */
const CHUNK_BYTES = 1 << 20;

interface ScanOptions {
  readonly verifyDigest: boolean;
  /** Default: nobody is served meanwhile. */
  readonly pace?: Pace;
}

/**
 * Reads a file of a release whole and checks size and sha256 on the way, so that what is used is what was checked.
 * Errors: `release_file_missing`, `release_digest_mismatch`.
 */
export async function readReleaseFile(
  dir: string,
  file: ReleaseFile,
  options: ScanOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  let content = new Uint8Array(0);
  // Memory is taken when the size in the manifest is known to be the file's.
  await scan(dir, file, options, () => (content = new Uint8Array(file.bytes)));
  return content;
}

/** As readReleaseFile, into memory that is there already: of the size in the manifest. */
export async function readReleaseFileInto(
  dir: string,
  file: ReleaseFile,
  target: Uint8Array,
  options: ScanOptions,
): Promise<void> {
  if (target.length !== file.bytes) throw damaged(file, `${target.length} bytes`, `${file.bytes} bytes`);
  await scan(dir, file, options, () => target);
}

/** As readReleaseFile, in constant memory, keeping nothing. */
export async function verifyReleaseFile(dir: string, file: ReleaseFile, pace = Pace.alone()): Promise<void> {
  await scan(dir, file, { verifyDigest: true, pace }, () => null);
}

/** Size and sha256 of a file, in constant memory. */
export async function describeFile(dir: string, path: string): Promise<ReleaseFile> {
  const handle = await openRegular(dir, path);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunksOf(handle, null)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { path, sha256: hash.digest('hex'), bytes };
  } finally {
    await handle.close();
  }
}

async function scan(
  dir: string,
  file: ReleaseFile,
  { verifyDigest, pace = Pace.alone() }: ScanOptions,
  targetOf: () => Uint8Array | null,
): Promise<void> {
  const handle = await openRegular(dir, file.path);
  try {
    const { size } = await handle.stat();
    if (size !== file.bytes) throw damaged(file, `${file.bytes} bytes`, `${size} bytes`);
    const hash = createHash('sha256');
    let at = 0;
    for await (const chunk of chunksOf(handle, targetOf())) {
      if (verifyDigest) hash.update(chunk);
      at += chunk.length;
      await pace.rest();
    }
    if (at !== file.bytes) throw damaged(file, `${file.bytes} bytes`, `${at} bytes while reading`);
    if (!verifyDigest) return;
    const sha256 = hash.digest('hex');
    if (sha256 !== file.sha256) throw damaged(file, `sha256 ${file.sha256}`, `sha256 ${sha256}`);
  } finally {
    await handle.close();
  }
}

/**
 * The next chunk is read by another thread while one is used: into its place in `target`, or without one into one of two
 * buffers, so that a chunk is good until the next one is asked for.
 */
async function* chunksOf(handle: FileHandle, target: Uint8Array | null): AsyncGenerator<Uint8Array> {
  if (target?.length === 0) return;
  const buffers = target === null ? [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] : null;
  const read = (at: number, number: number) =>
    buffers === null
      ? handle.read(target!, at, Math.min(CHUNK_BYTES, target!.length - at), at)
      : handle.read(buffers[number % 2]!, 0, CHUNK_BYTES, at);
  let reading = read(0, 0);
  try {
    for (let at = 0, number = 1; ; number++) {
      const { bytesRead, buffer } = await reading;
      if (bytesRead === 0) return;
      const from = buffers === null ? at : 0;
      at += bytesRead;
      reading = read(at, number);
      yield buffer.subarray(from, from + bytesRead);
    }
  } finally {
    // Who stops early closes the file next; what this read says is nobody's concern then.
    await reading.catch(() => undefined);
  }
}

/** Links are not followed: what a release holds lies in its folder. */
async function openRegular(dir: string, path: string): Promise<FileHandle> {
  try {
    const handle = await open(join(dir, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const reason = code === 'ELOOP' ? 'it is a symbolic link' : code === 'ENOENT' ? 'there is no such file' : code;
    throw new ShortlistError('release_file_missing', { file: path, reason }, { cause: error });
  }
  throw new ShortlistError('release_file_missing', { file: path, reason: 'it is not a regular file' });
}

function damaged(file: ReleaseFile, expected: string, actual: string): ShortlistError {
  return new ShortlistError('release_digest_mismatch', { file: file.path, expected, actual });
}
