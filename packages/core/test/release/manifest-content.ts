import type { ReleaseManifest } from '../../src/contracts/release-manifest.ts';
import type { serializeManifest } from '../../src/release/manifest.ts';

type Content = Parameters<typeof serializeManifest>[0];

/** A valid manifest of a release that holds one file, with changes. */
export function manifestContent(changes: Partial<ReleaseManifest> = {}): Content {
  return {
    formatVersion: 1,
    createdAt: '2026-11-21T05:00:00.000Z',
    dataset: 'demo',
    items: 3,
    dim: 0,
    features: { hash: 'f'.repeat(64), item: ['item_age'], user: [], cross: [] },
    files: [{ path: 'items.arrow', sha256: '0'.repeat(64), bytes: 10 }],
    model: null,
    parameters: { candidatesMax: 200 },
    trainingWindow: { fromS: 0, untilS: 1 },
    gitCommit: 'abc',
    index: null,
    offlineMetrics: [],
    golden: { vnni: true, userTower: null, ranker: null },
    notes: [],
    ...changes,
  };
}
