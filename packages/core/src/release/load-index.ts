import { ShortlistError } from '../contracts/errors.ts';
import type { ReleaseManifest } from '../contracts/release-manifest.ts';
import { FlatIndex } from '../retrieval/flat-index.ts';
import { GrowingIndex } from '../retrieval/growing-index.ts';
import { HnswIndex } from '../retrieval/hnsw-index.ts';
import { ScanIndex, ScanStorage } from '../retrieval/scan-index.ts';
import type { VectorIndex } from '../retrieval/vector-index.ts';
import type { NearestSearch } from './golden.ts';
import type { Pace } from './pace.ts';
import type { ReleaseContent } from './release-content.ts';
import { MANIFEST_FILE, RELEASE_FILES, type ReleaseFileKind } from './release-files.ts';

/** The vectors of a release's items, and where the codes are that an index of codes scans beside them. */
export interface VectorTable {
  /** `[capacity, dim]`, unit. */
  readonly vectors: Float32Array;
  /** Null where the index is of another kind. */
  readonly storage: ScanStorage | null;
}

/**
 * Reads the vectors with room for `capacity` rows; for an index of codes into its memory, together with its file, so that
 * there is one copy of each. Errors: those of ReleaseContent.
 */
export async function loadVectors(
  content: ReleaseContent,
  { index, dim, items }: ReleaseManifest,
  capacity: number,
): Promise<VectorTable> {
  const { itemVectors, codes } = RELEASE_FILES;
  if (index === null || index.scan === undefined)
    return { vectors: await content.floats(itemVectors, items, dim, capacity), storage: null };
  const storage = new ScanStorage({ fileBytes: content.sizeOf(codes), dim, capacity });
  await content.bytesInto(codes, storage.file);
  await content.floatsInto(itemVectors, storage.vectors, dim, items);
  return { vectors: storage.vectors, storage };
}

/**
 * The index over the item vectors, of the kind that the manifest names, with room for new items. Never built here: a graph
 * or codes are read from their file.
 * Errors: `release_file_invalid`, `release_manifest_invalid`.
 */
export async function loadIndex(
  content: ReleaseContent,
  manifest: ReleaseManifest,
  table: VectorTable,
  pace: Pace,
): Promise<GrowingIndex> {
  return new GrowingIndex(await openIndex(content, manifest, table, pace), table.vectors);
}

async function openIndex(
  content: ReleaseContent,
  { index, dim, items }: ReleaseManifest,
  { vectors, storage }: VectorTable,
  pace: Pace,
): Promise<VectorIndex> {
  if (index === null) throw unnamed('there are item vectors, but no index is named');
  const { itemVectors, graph, codes } = RELEASE_FILES;
  switch (index.kind) {
    case 'flat':
      return usable(itemVectors, () => new FlatIndex(vectors, dim, items));
    case 'hnsw':
      return usable(graph, async () =>
        HnswIndex.load(await content.verifiedPath(graph), vectors, dim, index.ef, items),
      );
    case 'flat_int8':
    case 'ivf': {
      const { scan } = index;
      if (scan === undefined || storage === null) throw unnamed(`${index.kind} lacks its settings`);
      return usable(codes, () => pace.run(ScanIndex.open(storage, { dim, count: items }, scan)));
    }
  }
}

/** What `open` throws is said of the file. */
async function usable<T>(file: ReleaseFileKind, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (cause instanceof ShortlistError && cause.code.startsWith('release_')) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShortlistError('release_file_invalid', { file: file.path, reason }, { cause });
  }
}

function unnamed(reason: string): ShortlistError {
  return new ShortlistError('release_manifest_invalid', { file: MANIFEST_FILE, field: 'index', reason });
}

/** The search of an index with arrays of its own: for golden outputs, not for the request path. */
export function nearestSearch(index: VectorIndex): NearestSearch {
  return (vector, k) => {
    const rows = new Int32Array(k);
    const count = index.search(vector, k, rows, new Float32Array(k), null);
    return rows.subarray(0, count);
  };
}
