import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFile, readReleaseFile, verifyReleaseFile } from '../../src/release/read-release-file.ts';

const CONTENT = Uint8Array.from({ length: 9_000_000 }, (_, i) => (i * 31) % 251);
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'release-file-'));
  await writeFile(join(dir, 'a.bin'), CONTENT);
});
afterEach(() => rm(dir, { recursive: true }));

describe('a release file', () => {
  it('reads whole, over several chunks, when size and digest are right', async () => {
    const file = await describeFile(dir, 'a.bin');
    expect(file.bytes).toBe(CONTENT.length);
    expect(Buffer.compare(await readReleaseFile(dir, file, { verifyDigest: true }), CONTENT)).toBe(0);
    await verifyReleaseFile(dir, file);
  });

  it('is refused after one flipped bit, wherever it is', async () => {
    const file = await describeFile(dir, 'a.bin');
    for (const at of [0, 4_194_304, CONTENT.length - 1]) {
      const damaged = CONTENT.slice();
      damaged[at]! ^= 1;
      await writeFile(join(dir, 'a.bin'), damaged);
      for (const check of [
        () => readReleaseFile(dir, file, { verifyDigest: true }),
        () => verifyReleaseFile(dir, file),
      ])
        await expect(check()).rejects.toMatchObject({
          code: 'release_digest_mismatch',
          details: { file: 'a.bin', expected: `sha256 ${file.sha256}` },
        });
    }
  });

  it('is refused when shorter or longer, before memory is taken for it', async () => {
    const file = await describeFile(dir, 'a.bin');
    await truncate(join(dir, 'a.bin'), 1000);
    await expect(readReleaseFile(dir, file, { verifyDigest: false })).rejects.toMatchObject({
      code: 'release_digest_mismatch',
      details: { expected: '9000000 bytes', actual: '1000 bytes' },
    });
    const giant = { ...file, bytes: Number.MAX_SAFE_INTEGER };
    await expect(readReleaseFile(dir, giant, { verifyDigest: true })).rejects.toMatchObject({
      code: 'release_digest_mismatch',
    });
  });

  it('is refused when it is missing, a link or a folder', async () => {
    const file = await describeFile(dir, 'a.bin');
    await symlink(join(dir, 'a.bin'), join(dir, 'link.bin'));
    await mkdir(join(dir, 'folder'));
    for (const [path, reason] of [
      ['gone.bin', 'there is no such file'],
      ['link.bin', 'it is a symbolic link'],
      ['folder', 'it is not a regular file'],
    ])
      await expect(readReleaseFile(dir, { ...file, path: path! }, { verifyDigest: true })).rejects.toMatchObject({
        code: 'release_file_missing',
        details: { file: path, reason },
      });
  });

  it('may be empty', async () => {
    await writeFile(join(dir, 'empty'), '');
    const file = await describeFile(dir, 'empty');
    expect(await readReleaseFile(dir, file, { verifyDigest: true })).toHaveLength(0);
  });
});
