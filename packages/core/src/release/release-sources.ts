import type { Catalog } from '../catalog/catalog.ts';
import { SourceLoader, type LoadedSources, type SourceFile, type SourceSettings } from '../retrieval/load-sources.ts';
import type { VectorIndex } from '../retrieval/vector-index.ts';
import type { Pace } from './pace.ts';
import type { ReleaseContent } from './release-content.ts';
import { RELEASE_FILES, type ReleaseFileKind } from './release-files.ts';

const KINDS: Readonly<Record<SourceFile, ReleaseFileKind>> = {
  'trending.arrow': RELEASE_FILES.trending,
  'co-visitation.arrow': RELEASE_FILES.coVisitation,
  'item-item.arrow': RELEASE_FILES.itemItem,
  'content.arrow': RELEASE_FILES.content,
  'ials-items.f32': RELEASE_FILES.ialsItems,
  'histories.arrow': RELEASE_FILES.histories,
};

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
  const loader = new SourceLoader(catalog, settings);
  for (const [name, kind] of Object.entries(KINDS) as [SourceFile, ReleaseFileKind][])
    if (files.has(kind)) await pace.run(loader.take(name, await files.lent(kind)));
  return pace.run(loader.finish(towers));
}
