import { ShortlistError } from '../contracts/errors.ts';
import type { ReleaseManifest } from '../contracts/release-manifest.ts';
import { FlatIndex } from '../retrieval/flat-index.ts';
import { GrowingIndex } from '../retrieval/growing-index.ts';
import { HnswIndex } from '../retrieval/hnsw-index.ts';
import type { VectorIndex } from '../retrieval/vector-index.ts';
import type { NearestSearch } from './golden.ts';
import type { ReleaseContent } from './release-content.ts';
import { MANIFEST_FILE, RELEASE_FILES } from './release-files.ts';

/**
 * The index over the item vectors, of the kind that the manifest names, with room for new items (`itemVectors`:
 * `[items or more, dim]`). Never built here: a graph is read from its file.
 * Errors: `release_file_invalid`, `release_manifest_invalid`.
 */
export async function loadIndex(
  content: ReleaseContent,
  manifest: ReleaseManifest,
  itemVectors: Float32Array,
): Promise<GrowingIndex> {
  return new GrowingIndex(await readIndex(content, manifest, itemVectors), itemVectors);
}

async function readIndex(
  content: ReleaseContent,
  manifest: ReleaseManifest,
  itemVectors: Float32Array,
): Promise<VectorIndex> {
  const { index, dim, items } = manifest;
  if (index === null)
    throw new ShortlistError('release_manifest_invalid', {
      file: MANIFEST_FILE,
      field: 'index',
      reason: 'there are item vectors, but no index is named',
    });
  const file = index.kind === 'flat' ? RELEASE_FILES.itemVectors : RELEASE_FILES.index;
  try {
    if (index.kind === 'flat') return new FlatIndex(itemVectors, dim, items);
    return await HnswIndex.load(await content.verifiedPath(RELEASE_FILES.index), itemVectors, dim, index.ef, items);
  } catch (cause) {
    if (cause instanceof ShortlistError && cause.code.startsWith('release_')) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShortlistError('release_file_invalid', { file: file.path, reason }, { cause });
  }
}

/** The search of an index with arrays of its own: for golden outputs, not for the request path. */
export function nearestSearch(index: VectorIndex): NearestSearch {
  return (vector, k) => {
    const rows = new Int32Array(k);
    const count = index.search(vector, k, rows, new Float32Array(k), null);
    return rows.subarray(0, count);
  };
}
