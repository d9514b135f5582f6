import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { ShortlistError } from '../contracts/errors.ts';
import { RELEASE_FORMAT_VERSION, ReleaseManifestSchema, type ReleaseManifest } from '../contracts/release-manifest.ts';
import { MANIFEST_FILE } from './release-files.ts';

/**
 * The id of a release: minute of creation and the digest of the whole manifest but the id itself. The manifest holds
 * the digest of every file, so the id vouches for every byte, and a flipped bit in the manifest shows too.
 */
export function releaseId(content: Omit<ReleaseManifest, 'id'>): string {
  const minute = content.createdAt.replace(/[-:T]/g, '').slice(0, 12);
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return `r-${minute}-${digest.slice(0, 8)}`;
}

/** manifest.json as text; the id comes first, and is computed here. */
export function serializeManifest(content: Omit<ReleaseManifest, 'id'>): { id: string; text: string } {
  // Through JSON once, so that what is hashed is what a reader will parse (no undefined, no -0).
  const plain = JSON.parse(JSON.stringify(content)) as Omit<ReleaseManifest, 'id'>;
  const id = releaseId(plain);
  return { id, text: `${JSON.stringify({ id, ...plain }, null, 2)}\n` };
}

/**
 * Reads and checks the manifest of the release in `dir`; with `sha256` (hex) only that one: its file, and so every byte
 * of the release, since it holds the digests of the others.
 * Errors: `release_file_missing`, `release_manifest_invalid` (naming the field), `release_digest_mismatch`.
 */
export async function readManifest(dir: string, sha256 = ''): Promise<ReleaseManifest> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(dir, MANIFEST_FILE));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ShortlistError('release_file_missing', { file: MANIFEST_FILE, reason }, { cause });
  }
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== '' && sha256 !== actual)
    throw new ShortlistError('release_digest_mismatch', {
      file: MANIFEST_FILE,
      expected: `sha256 ${sha256}`,
      actual: `sha256 ${actual}`,
    });
  return parseManifest(bytes.toString('utf8'));
}

/** As readManifest, from text. */
export function parseManifest(text: string): ReleaseManifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw invalid('(whole file)', `it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const version = (parsed as { formatVersion?: unknown } | null)?.formatVersion;
  if (typeof version === 'number' && version !== RELEASE_FORMAT_VERSION)
    throw invalid('formatVersion', `this build reads ${RELEASE_FORMAT_VERSION}, not ${version}`);
  const [problem] = [...Value.Errors(ReleaseManifestSchema, parsed)].filter((error) => error.keyword !== 'boolean');
  if (problem !== undefined)
    throw invalid(problem.instancePath.slice(1).replaceAll('/', '.') || '(top)', problem.message);
  const { id, ...content } = parsed as ReleaseManifest;
  const expected = releaseId(content);
  if (expected !== id)
    throw new ShortlistError('release_digest_mismatch', { file: MANIFEST_FILE, expected: id, actual: expected });
  return parsed as ReleaseManifest;
}

function invalid(field: string, reason: string): ShortlistError {
  return new ShortlistError('release_manifest_invalid', { file: MANIFEST_FILE, field, reason });
}
