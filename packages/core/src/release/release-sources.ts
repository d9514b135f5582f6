import type { Catalog } from '../catalog/catalog.ts';
import { ShortlistError } from '../contracts/errors.ts';
import { loadSources, type LoadedSources, type SourceSettings } from '../retrieval/load-sources.ts';
import type { VectorIndex } from '../retrieval/vector-index.ts';
import type { ReleaseContent } from './release-content.ts';
import { RELEASE_FILES } from './release-files.ts';

const { trending, coVisitation, itemItem, content, histories, ialsItems } = RELEASE_FILES;
const SOURCE_FILES = [trending, coVisitation, itemItem, content, histories, ialsItems] as const;

/** The candidate sources that a release has files for. Errors: those of ReleaseContent. */
export async function releaseSources(
  files: ReleaseContent,
  catalog: Catalog,
  towers: { readonly index: VectorIndex; readonly itemVectors: Float32Array } | null,
): Promise<LoadedSources> {
  const settings = await files.parsed(
    RELEASE_FILES.sources,
    (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as SourceSettings,
  );
  const bytes = new Map<string, Uint8Array>();
  for (const kind of SOURCE_FILES) if (files.has(kind)) bytes.set(kind.path, await files.bytes(kind));
  try {
    return loadSources(catalog, settings, (name) => bytes.get(name), towers);
  } catch (cause) {
    throw namedError(cause);
  }
}

/** A malformed file is named by the error's details, or its message starts with the name. */
function namedError(cause: unknown): ShortlistError {
  if (cause instanceof ShortlistError && cause.code === 'release_file_invalid' && cause.details.file) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const file = SOURCE_FILES.find(({ path }) => message.startsWith(`${path}: `))?.path;
  const details =
    file === undefined
      ? { file: RELEASE_FILES.sources.path, reason: message }
      : { file, reason: message.slice(file.length + 2) };
  return new ShortlistError('release_file_invalid', details, { cause });
}
