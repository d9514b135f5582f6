import { benchCatalog, benchLists } from '../../core/bench/retrieval-shop.ts';
import { trendingBytes } from '../../core/bench/retrieval-trending.ts';
import { atOnce } from '@shortlist/core/catalog/pieces.ts';
import { DEFAULT_PARAMETERS } from '@shortlist/core/contracts/effective-parameters.ts';
import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { Ranker } from '@shortlist/core/release/ranker.ts';
import { UserTower } from '@shortlist/core/release/user-tower.ts';
import { FlatIndex } from '@shortlist/core/retrieval/flat-index.ts';
import { GrowingIndex } from '@shortlist/core/retrieval/growing-index.ts';
import { HnswIndex } from '@shortlist/core/retrieval/hnsw-index.ts';
import { RankedLists } from '@shortlist/core/retrieval/ranked-lists.ts';
import { SOURCE_INDEX, type CandidateSource } from '@shortlist/core/retrieval/source.ts';
import { Accumulator } from '@shortlist/core/retrieval/sources/accumulator.ts';
import { CategorySource } from '@shortlist/core/retrieval/sources/category-source.ts';
import { NeighborListSource } from '@shortlist/core/retrieval/sources/neighbor-list-source.ts';
import { NewItemsSource } from '@shortlist/core/retrieval/sources/new-items-source.ts';
import { RankedListSource } from '@shortlist/core/retrieval/sources/ranked-list-source.ts';
import { RepeatsSource } from '@shortlist/core/retrieval/sources/repeats-source.ts';
import { TwoTowerSource } from '@shortlist/core/retrieval/sources/two-tower-source.ts';
import { tastesOf, UserUserSource } from '@shortlist/core/retrieval/sources/user-user-source.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import type { VectorIndex } from '@shortlist/core/retrieval/vector-index.ts';
import { randomRanker } from './random-ranker.ts';
import { randomTower } from './random-tower.ts';

const DIM = 64;
const CLUSTERS = 200;
/** Up to here the exact scan is the faster index (retrieval benchmark), so it is what a release would carry. */
const FLAT_MAX = 50_000;
const HALF_LIFE_S = 60 * 86_400;

/** A release of `itemCount` items in memory: real sources, index, tower and ranker, by seed; nothing was trained. */
export async function syntheticRelease(itemCount: number): Promise<LoadedRelease> {
  const random = seededRandom(11);
  const catalog = benchCatalog(itemCount);
  const rankedLists = RankedLists.fromArrow(trendingBytes(catalog), catalog);
  const itemVectors = clusteredVectors(itemCount, random);
  const itemFeatures = Float32Array.from({ length: itemCount * FEATURE_WIDTHS.item }, () => random() * 2);
  const vectorIndex = new GrowingIndex(
    itemCount <= FLAT_MAX ? new FlatIndex(itemVectors, DIM) : HnswIndex.build(itemVectors, DIM),
    itemVectors,
  );
  const ranker = (precision: 'fp32' | 'int8') =>
    Ranker.open(randomRanker(precision), precision, itemFeatures, FEATURE_WIDTHS);
  const userTower = await UserTower.open(randomTower(DIM), 'tower', itemVectors, DIM);
  const rankers = { fp32: await ranker('fp32'), int8: await ranker('int8') };
  return {
    id: `synthetic-${itemCount}`,
    dir: '',
    // Nothing on the request path reads the manifest.
    manifest: {} as LoadedRelease['manifest'],
    parameters: DEFAULT_PARAMETERS,
    catalog,
    sources: sourcesOf(catalog, rankedLists, { index: vectorIndex, itemVectors }),
    rankedLists,
    popularity: new Float32Array(itemCount),
    itemFeatures,
    itemVectors,
    vectorIndex,
    userTower,
    itemTower: null,
    ranker: rankers,
    async close() {
      for (const one of [userTower, rankers.fp32, rankers.int8]) await one.close();
    },
  };
}

function sourcesOf(
  catalog: LoadedRelease['catalog'],
  lists: RankedLists,
  towers: { index: VectorIndex; itemVectors: Float32Array },
): CandidateSource[] {
  const { count } = catalog;
  const interests = new Accumulator(count);
  const halfLifeS = HALF_LIFE_S;
  const weightScale = 5;
  const linear = { weightScale, damping: 1 };
  const near = count <= 20_000 ? 200 : 50;
  const sources: CandidateSource[] = [
    new NeighborListSource(
      'co_visitation',
      benchLists(count, count, 50, 4),
      { ...linear, eventsMax: 50, halfLifeS: 0 },
      interests,
    ),
    new NeighborListSource(
      'item_item',
      benchLists(count, count, near, 5),
      { weightScale, damping: 0.5, eventsMax: Infinity, halfLifeS },
      interests,
    ),
    new NeighborListSource(
      'content',
      benchLists(count, count, 50, 6),
      { ...linear, eventsMax: 50, halfLifeS },
      interests,
    ),
    new UserUserSource(
      atOnce(tastesOf(benchLists(20_000, count, 40, 8), count)),
      count,
      { weightScale, eventsMax: 200, halfLifeS },
      interests,
    ),
    new CategorySource(catalog, lists),
    new RepeatsSource(new Float32Array(count), weightScale),
    new RankedListSource('trending', lists),
    new RankedListSource('popular', lists),
    new NewItemsSource(catalog),
    new TwoTowerSource(towers.index, towers.itemVectors),
  ];
  return sources.sort((a, b) => SOURCE_INDEX[a.name] - SOURCE_INDEX[b.name]);
}

/** `[n, DIM]` unit vectors around random centres: real towers put items into clusters, too. */
function clusteredVectors(count: number, random: () => number): Float32Array {
  const centres = Float32Array.from({ length: CLUSTERS * DIM }, () => random() - 0.5);
  const vectors = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const from = (row % CLUSTERS) * DIM;
    let sum = 0;
    for (let d = 0; d < DIM; d++) {
      const x = centres[from + d]! + 0.8 * (random() - 0.5);
      vectors[row * DIM + d] = x;
      sum += x * x;
    }
    const norm = Math.sqrt(sum);
    for (let d = 0; d < DIM; d++) vectors[row * DIM + d] = vectors[row * DIM + d]! / norm;
  }
  return vectors;
}
