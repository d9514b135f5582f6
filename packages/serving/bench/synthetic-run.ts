import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { arrowBytes } from '../../core/bench/arrow-bytes.ts';
import { benchCatalog, benchLists, NOW_S } from '../../core/bench/retrieval-shop.ts';
import { trendingBytes } from '../../core/bench/retrieval-trending.ts';
import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { itemsToArrow } from '@shortlist/core/catalog/write-items.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { buildRelease } from '@shortlist/core/release/build-release.ts';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { randomRanker } from './random-ranker.ts';
import { randomTower } from './random-tower.ts';

const DIM = 64;
const ACTORS = 20_000;

type Put = (path: string, content: Uint8Array | Float32Array | string) => Promise<void>;

/** A release of `itemCount` items on disk, of the size and kind that training makes, by seed; nothing was trained. */
export async function writeSyntheticRelease(folder: string, itemCount: number, seed: number): Promise<string> {
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
  await put('folds/final/events.arrow', eventBytes(itemCount, random));
  await put(
    'folds/fold-0/ranker-features.f32',
    floats(64 * (FEATURE_WIDTHS.item + FEATURE_WIDTHS.user + FEATURE_WIDTHS.cross)),
  );
  await put('ranker/ranker.fp32.onnx', randomRanker('fp32'));
  await put('ranker/ranker.int8.onnx', randomRanker('int8'));
  await put('ranker/ranker.json', '{}');
  await putSources((name, content) => put(`folds/final/sources/${name}`, content), catalog, random);
  const { dir } = await buildRelease({
    runDir,
    outDir: join(folder, 'releases'),
    dataset: 'bench',
    parameters: {},
    trainingWindow: { fromS: NOW_S - 86_400, untilS: NOW_S },
    gitCommit: 'bench',
    offlineMetrics: [],
    // What is measured is the loading of tables; a graph would be read by the native library.
    index: { kind: 'flat', k: 500, recallTarget: 0.97 },
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

function eventBytes(itemCount: number, random: () => number): Uint8Array {
  const count = 2000;
  return arrowBytes({
    actor: Int32Array.from({ length: count }, (_, e) => e % 100),
    row: Int32Array.from({ length: count }, () => Math.floor(random() * itemCount)),
    type: new Uint8Array(count).fill(EVENT_CODE.view),
    time: Float64Array.from({ length: count }, (_, e) => NOW_S - count + e),
    weight: new Float32Array(count).fill(1),
  });
}

async function putSources(put: Put, catalog: Catalog, random: () => number): Promise<void> {
  const { count } = catalog;
  const near = count <= 20_000 ? 200 : 50;
  await put('item-vectors.f32', unitVectors(count, random));
  await put('user-tower.onnx', randomTower(DIM));
  await put('trending.arrow', trendingBytes(catalog));
  await put('co-visitation.arrow', listBytes(['item', 'neighbor', 'score'], count, count, 50, 4));
  await put('item-item.arrow', listBytes(['item', 'neighbor', 'score'], count, count, near, 5));
  await put('content.arrow', listBytes(['item', 'neighbor', 'score'], count, count, 50, 6));
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

function unitVectors(count: number, random: () => number): Float32Array {
  const vectors = Float32Array.from({ length: count * DIM }, () => random() - 0.5);
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM);
    const norm = Math.hypot(...vector);
    for (let d = 0; d < DIM; d++) vector[d] = vector[d]! / norm;
  }
  return vectors;
}
