import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { arrowBytes } from '../../core/bench/arrow-bytes.ts';
import { benchCatalog, benchLists, NOW_S } from '../../core/bench/retrieval-shop.ts';
import { shopGroups, shopVectors } from '../../core/bench/shop-vectors.ts';
import { trendingBytes } from '../../core/bench/retrieval-trending.ts';
import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { itemsToArrow } from '@shortlist/core/catalog/write-items.ts';
import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { buildRelease } from '@shortlist/core/release/build-release.ts';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import type { IndexKind } from '@shortlist/core/retrieval/vector-index.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { randomRanker } from './random-ranker.ts';
import { randomTower } from './random-tower.ts';
import { shoppers } from './synthetic-shoppers.ts';

const DIM = 64;
const ACTORS = 20_000;
/** Those whose vectors the index is measured with. */
const MEASURED_SHOPPERS = 200;

type Put = (path: string, content: Uint8Array | Float32Array | string) => Promise<void>;

/** A release of `itemCount` items on disk, of the size and kind that training makes, by seed; nothing was trained. */
export async function writeSyntheticRelease(
  folder: string,
  itemCount: number,
  seed: number,
  index: IndexKind | 'auto' = 'flat',
): Promise<string> {
  const runDir = join(folder, `run-${seed}`);
  const put: Put = (path, content) => writeFile(join(runDir, path), content);
  for (const path of ['folds/final/sources', 'folds/fold-0', 'ranker'])
    await mkdir(join(runDir, path), { recursive: true });
  const random = seededRandom(seed);
  const floats = (size: number) => Float32Array.from({ length: size }, () => random() * 2);
  const catalog = benchCatalog(itemCount);
  await put('features.json', JSON.stringify(BUILD_FEATURES));
  await put('folds/final/items.arrow', itemBytes(catalog));
  await put('folds/final/item-features.f32', floats(itemCount * FEATURE_WIDTHS.item));
  await put('folds/final/events.arrow', eventBytes(itemCount));
  await put(
    'folds/fold-0/ranker-features.f32',
    floats(64 * (FEATURE_WIDTHS.item + FEATURE_WIDTHS.user + FEATURE_WIDTHS.cross)),
  );
  await put('ranker/ranker.fp32.onnx', randomRanker('fp32'));
  await put('ranker/ranker.int8.onnx', randomRanker('int8'));
  await put('ranker/ranker.json', '{}');
  await putSources((name, content) => put(`folds/final/sources/${name}`, content), catalog);
  const { dir } = await buildRelease({
    runDir,
    outDir: join(folder, 'releases'),
    dataset: 'bench',
    parameters: {},
    trainingWindow: { fromS: NOW_S - 86_400, untilS: NOW_S },
    gitCommit: 'bench',
    offlineMetrics: [],
    index: { kind: index, k: 500, recallTarget: 0.97 },
    now: () => new Date((NOW_S + seed) * 1000),
  });
  return dir;
}

function itemBytes(catalog: Catalog): Uint8Array {
  return itemsToArrow(
    Array.from({ length: catalog.count }, (_, row) => ({
      itemId: catalog.itemIds[row]!,
      title: catalog.title(row),
      category: catalog.category(row),
      brand: catalog.brand(row),
      price: catalog.prices[row]!,
      createdAtS: catalog.createdS[row]!,
      available: true,
    })),
  );
}

function eventBytes(itemCount: number): Uint8Array {
  const profiles = shoppers(itemCount, MEASURED_SHOPPERS);
  const all = profiles.flatMap(({ rows, types, timesS }, actor) =>
    Array.from(rows, (row, e) => ({ actor, row, type: types[e]!, time: timesS[e]! })),
  );
  all.sort((a, b) => a.time - b.time);
  return arrowBytes({
    actor: Int32Array.from(all, ({ actor }) => actor),
    row: Int32Array.from(all, ({ row }) => row),
    type: Uint8Array.from(all, ({ type }) => type),
    time: Float64Array.from(all, ({ time }) => time),
    weight: new Float32Array(all.length).fill(1),
  });
}

async function putSources(put: Put, catalog: Catalog): Promise<void> {
  const { count } = catalog;
  // A large shop has most lists short: few items are often seen together.
  const near = count <= 20_000 ? 200 : count <= 200_000 ? 50 : 10;
  const length = Math.min(near, 50);
  await put('item-vectors.f32', shopVectors(shopGroups(count), DIM));
  await put('user-tower.onnx', randomTower(DIM));
  await put('trending.arrow', trendingBytes(catalog));
  await put('co-visitation.arrow', listBytes(['item', 'neighbor', 'score'], count, count, length, 4));
  await put('item-item.arrow', listBytes(['item', 'neighbor', 'score'], count, count, near, 5));
  await put('content.arrow', listBytes(['item', 'neighbor', 'score'], count, count, length, 6));
  await put('histories.arrow', listBytes(['actor', 'row', 'weight'], ACTORS, count, 40, 8));
  await put(
    'sources.json',
    JSON.stringify({
      present: {},
      reasons: {},
      parameters: {
        itemsPerActorMax: 200,
        weightScale: 5,
        ials: { dim: DIM, alpha0: 0.1, regularisation: 0.01, nu: 1, halfLifeDays: 60 },
        itemItem: { halfLifeDays: 60, damping: 0.5 },
        coVisitation: { events: 50 },
        histories: { halfLifeDays: 60, items: 200 },
      },
    }),
  );
}

function listBytes(
  [from, to, value]: readonly [string, string, string],
  fromCount: number,
  toCount: number,
  length: number,
  seed: number,
): Uint8Array {
  const { neighbors, scores } = benchLists(fromCount, toCount, length, seed);
  return arrowBytes({
    [from]: Int32Array.from(neighbors, (_, i) => Math.floor(i / length)),
    [to]: neighbors,
    [value]: scores,
  });
}
