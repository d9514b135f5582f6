import type { Catalog } from '../catalog/catalog.ts';
import { sourcesInPieces, type LoadedSources, type SourceSettings } from '../retrieval/load-sources.ts';
import type { VectorIndex } from '../retrieval/vector-index.ts';
import type { Pace } from './pace.ts';
import type { ReleaseContent } from './release-content.ts';
import { RELEASE_FILES } from './release-files.ts';

const { trending, coVisitation, itemItem, content, histories, ialsItems } = RELEASE_FILES;
const SOURCE_FILES = [trending, coVisitation, itemItem, content, histories, ialsItems] as const;

/** The candidate sources that a release has files for. Errors: those of ReleaseContent and loadSources. */
export async function releaseSources(
  files: ReleaseContent,
  catalog: Catalog,
  towers: { readonly index: VectorIndex; readonly itemVectors: Float32Array } | null,
  pace: Pace,
): Promise<LoadedSources> {
  const settings = await files.parsed(
    RELEASE_FILES.sources,
    (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as SourceSettings,
  );
  const bytes = new Map<string, Uint8Array>();
  for (const kind of SOURCE_FILES) if (files.has(kind)) bytes.set(kind.path, await files.bytes(kind));
  return pace.run(sourcesInPieces(catalog, settings, (name) => bytes.get(name), towers));
}
