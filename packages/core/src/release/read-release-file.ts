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
  // Allocated at the first chunk, when the size in the manifest is known to be the file's.
  let content: Uint8Array<ArrayBuffer> | null = null;
  await scan(dir, file, options, (chunk, at) => {
    content ??= new Uint8Array(file.bytes);
    content.set(chunk, at);
  });
  return content ?? new Uint8Array(0);
}

/** As readReleaseFile, into memory that is there already: of the size in the manifest. */
export async function readReleaseFileInto(
  dir: string,
  file: ReleaseFile,
  target: Uint8Array,
  options: ScanOptions,
): Promise<void> {
  if (target.length !== file.bytes) throw damaged(file, `${target.length} bytes`, `${file.bytes} bytes`);
  await scan(dir, file, options, (chunk, at) => target.set(chunk, at));
}

/** As readReleaseFile, in constant memory, keeping nothing. */
export async function verifyReleaseFile(dir: string, file: ReleaseFile, pace = Pace.alone()): Promise<void> {
  await scan(dir, file, { verifyDigest: true, pace }, () => undefined);
}

/** Size and sha256 of a file, in constant memory. */
export async function describeFile(dir: string, path: string): Promise<ReleaseFile> {
  const handle = await openRegular(dir, path);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunksOf(handle)) {
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
  take: (chunk: Uint8Array, at: number) => void,
): Promise<void> {
  const handle = await openRegular(dir, file.path);
  try {
    const { size } = await handle.stat();
    if (size !== file.bytes) throw damaged(file, `${file.bytes} bytes`, `${size} bytes`);
    const hash = createHash('sha256');
    let at = 0;
    for await (const chunk of chunksOf(handle)) {
      if (at + chunk.length > file.bytes) throw damaged(file, `${file.bytes} bytes`, 'more while reading');
      if (verifyDigest) hash.update(chunk);
      take(chunk, at);
      at += chunk.length;
      await pace.rest();
    }
    if (at !== file.bytes) throw damaged(file, `${file.bytes} bytes`, `${at} bytes`);
    if (!verifyDigest) return;
    const sha256 = hash.digest('hex');
    if (sha256 !== file.sha256) throw damaged(file, `sha256 ${file.sha256}`, `sha256 ${sha256}`);
  } finally {
    await handle.close();
  }
}

/**
 * The chunk is reused: use it before asking for the next, which is read meanwhile by another thread.
 */
async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  let [buffer, other] = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  let reading = handle.read(buffer, 0, CHUNK_BYTES, null);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      reading = handle.read(other, 0, CHUNK_BYTES, null);
      yield buffer.subarray(0, bytesRead);
      [buffer, other] = [other, buffer];
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
