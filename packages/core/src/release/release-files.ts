/** Where in a training run a release's file comes from. */
type Origin = 'fold' | 'sources' | 'ranker' | 'built';

export interface ReleaseFileKind {
  readonly path: string;
  readonly origin: Origin;
  readonly holds: string;
}

export const MANIFEST_FILE = 'manifest.json';

/** Every file a release may hold. Only the first two are always there; the manifest's notes say why others are not. */
export const RELEASE_FILES = {
  items: { path: 'items.arrow', origin: 'fold', holds: 'external id -> row, static features' },
  trending: { path: 'trending.arrow', origin: 'sources', holds: 'decayed trending and popularity' },
  itemFeatures: { path: 'item-features.f32', origin: 'fold', holds: '[n, Di] features the ranker reads' },
  itemVectors: { path: 'item-vectors.f32', origin: 'sources', holds: '[n, d] unit vectors' },
  userTower: { path: 'user-tower.onnx', origin: 'sources', holds: 'recent events -> user vector' },
  itemTower: { path: 'item-tower.onnx', origin: 'sources', holds: 'metadata -> vector of a new item' },
  graph: { path: 'index.hnsw', origin: 'built', holds: 'graph over the item vectors (hnsw)' },
  codes: { path: 'index.codes', origin: 'built', holds: 'codes of the item vectors, in lists (flat_int8, ivf)' },
  coVisitation: { path: 'co-visitation.arrow', origin: 'sources', holds: 'neighbours seen together' },
  itemItem: { path: 'item-item.arrow', origin: 'sources', holds: 'neighbours by EASE or cosine' },
  content: { path: 'content.arrow', origin: 'sources', holds: 'neighbours by metadata' },
  histories: { path: 'histories.arrow', origin: 'sources', holds: 'recent items of users, for user-user' },
  ialsItems: { path: 'ials-items.f32', origin: 'sources', holds: 'iALS item factors' },
  sources: { path: 'sources.json', origin: 'sources', holds: 'report of the source fits' },
  rankerFp32: { path: 'ranker.fp32.onnx', origin: 'ranker', holds: 'ranker, 32-bit' },
  rankerInt8: { path: 'ranker.int8.onnx', origin: 'ranker', holds: 'ranker, quantised' },
  rankerReport: { path: 'ranker.json', origin: 'ranker', holds: 'report of the ranker fit' },
} as const satisfies Record<string, ReleaseFileKind>;
