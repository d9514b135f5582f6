import type { Catalog } from '../catalog/catalog.ts';
import type { Parameters } from '../contracts/parameters.ts';
import type { ReleaseManifest } from '../contracts/release-manifest.ts';
import type { RankedLists } from '../retrieval/ranked-lists.ts';
import type { CandidateSource } from '../retrieval/source.ts';
import type { GrowingIndex } from '../retrieval/growing-index.ts';
import type { ItemTower } from './item-tower.ts';
import type { Ranker } from './ranker.ts';
import type { UserTower } from './user-tower.ts';

/**
 * A release in memory: verified, reproducing its golden outputs. Everything in it belongs together. Tables have
 * `catalog.capacity` rows, n of them the release's; growth.ts puts new items into the others.
 */
export interface LoadedRelease {
  readonly id: string;
  /** The directory it came from. */
  readonly dir: string;
  readonly manifest: ReleaseManifest;
  /** The release's parameters over the defaults. */
  readonly parameters: Parameters;
  readonly catalog: Catalog;
  /** In the order of SOURCES: those the release has files for; what is absent is in `manifest.notes`. */
  readonly sources: readonly CandidateSource[];
  /** What sells, overall and per category. */
  readonly rankedLists: RankedLists;
  /** `[capacity]` all-time popularity, 0..1. */
  readonly popularity: Float32Array;
  /** `[capacity, manifest.features.item.length]`; the rankers read it in place. */
  readonly itemFeatures: Float32Array;
  /** `[capacity, manifest.dim]`, unit; null without towers. */
  readonly itemVectors: Float32Array | null;
  readonly vectorIndex: GrowingIndex | null;
  readonly userTower: UserTower | null;
  /** Makes vectors of new items; null where the release has none, or was loaded without room for them. */
  readonly itemTower: ItemTower | null;
  readonly ranker: { readonly fp32: Ranker; readonly int8: Ranker } | null;
  /** Frees the native sessions, once nothing uses the release any more. */
  close(): Promise<void>;
}
