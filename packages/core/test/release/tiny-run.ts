import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bool, makeVector, Table, tableToIPC, Utf8, vectorFromArray, type Vector } from 'apache-arrow';
import { EVENT_CODE } from '../../src/contracts/events.ts';
import { buildRelease, type BuildOptions } from '../../src/release/build-release.ts';
import type { FeatureSchema } from '../../src/release/feature-schema.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { randomFloats, randomUnitVectors, TINY, tinyModel } from './tiny-models.ts';

export const TINY_ITEMS = 60;
const ACTORS = 30;
const UNTIL_S = 1_700_000_000;

/** A feature list of the widths of the tiny models, in place of this build's. */
export const TINY_FEATURES: FeatureSchema = {
  hash: 'tiny'.repeat(16),
  item: names('item', TINY.item),
  user: names('user', TINY.user),
  cross: names('cross', TINY.cross),
};

function names(group: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${group}_${i}`);
}

type Column = Uint8Array | Int32Array | Float32Array | Float64Array | string[] | boolean[];

function vectorOf(column: Column): Vector {
  if (!Array.isArray(column)) return makeVector(column as Float64Array);
  if (typeof column[0] === 'boolean') return vectorFromArray(column, new Bool());
  return vectorFromArray(column as string[], new Utf8());
}

export function arrowFile(columns: Record<string, Column>): Uint8Array {
  const vectors: Record<string, Vector> = {};
  for (const [name, column] of Object.entries(columns)) vectors[name] = vectorOf(column);
  return tableToIPC(new Table(vectors), 'file');
}

/** Every item's next three items, scores falling. */
function neighbors(): Record<string, Column> {
  const size = TINY_ITEMS * 3;
  return {
    item: Int32Array.from({ length: size }, (_, i) => Math.floor(i / 3)),
    neighbor: Int32Array.from({ length: size }, (_, i) => (Math.floor(i / 3) + 1 + (i % 3)) % TINY_ITEMS),
    score: Float32Array.from({ length: size }, (_, i) => 1 / (1 + (i % 3))),
  };
}

/**
 * Writes a finished training run as the training job leaves it, with the committed tiny models. With another feature
 * list there is no ranker, since the tiny ones do not have its widths.
 */
export async function writeTinyRun(runDir: string, seed = 1, features: FeatureSchema = TINY_FEATURES): Promise<void> {
  const random = seededRandom(seed);
  const fold = join(runDir, 'folds/final');
  for (const dir of [join(fold, 'sources'), join(runDir, 'folds/fold-0'), join(runDir, 'ranker')])
    await mkdir(dir, { recursive: true });
  const put = (path: string, content: Uint8Array | Float32Array | string) => writeFile(join(runDir, path), content);
  const rows = Array.from({ length: TINY_ITEMS }, (_, row) => row);

  await put('features.json', JSON.stringify({ ...features, metadataDim: TINY.metadata }));
  await put(
    'folds/final/items.arrow',
    arrowFile({
      row: Int32Array.from(rows),
      item_id: rows.map((row) => `item-${row}`),
      title: rows.map((row) => `Title ${row}`),
      category: rows.map((row) => (row % 2 === 0 ? 'books' : 'games')),
      brand: rows.map((row) => `brand-${row % 5}`),
      price: Float32Array.from(rows, (row) => 1 + row),
      created_at: Float64Array.from(rows, (row) => UNTIL_S - 1000 * row),
      available: rows.map(() => true),
    }),
  );
  const events = Array.from({ length: ACTORS * 6 }, (_, e) => e);
  await put(
    'folds/final/events.arrow',
    arrowFile({
      actor: Int32Array.from(events, (e) => e % ACTORS),
      row: Int32Array.from(events, () => Math.floor(random() * TINY_ITEMS)),
      type: Uint8Array.from(events, (e) => (e % 5 === 0 ? EVENT_CODE.purchase : EVENT_CODE.view)),
      time: Float64Array.from(events, (e) => UNTIL_S - 86_400 + e * 60),
      weight: new Float32Array(events.length).fill(1),
    }),
  );
  await putSources(put, rows, random);
  if (features !== TINY_FEATURES) return;
  await put('folds/final/item-features.f32', randomFloats(TINY_ITEMS * TINY.item, random));
  const width = TINY.item + TINY.user + TINY.cross;
  await put('folds/fold-0/ranker-features.f32', randomFloats(200 * width, random));
  for (const name of ['ranker.fp32.onnx', 'ranker.int8.onnx']) await put(`ranker/${name}`, tinyModel(name));
  await put('ranker/ranker.json', '{}');
}

async function putSources(
  put: (path: string, content: Uint8Array | Float32Array | string) => Promise<void>,
  rows: number[],
  random: () => number,
): Promise<void> {
  const source = (name: string, content: Uint8Array | Float32Array | string) =>
    put(`folds/final/sources/${name}`, content);
  await source('item-vectors.f32', randomUnitVectors(TINY_ITEMS, TINY.dim, random));
  await source('user-tower.onnx', tinyModel('user-tower.onnx'));
  await source('item-tower.onnx', tinyModel('item-tower.onnx'));
  await source('co-visitation.arrow', arrowFile(neighbors()));
  await source('item-item.arrow', arrowFile(neighbors()));
  await source('content.arrow', arrowFile(neighbors()));
  await source(
    'histories.arrow',
    arrowFile({
      actor: Int32Array.from({ length: ACTORS * 2 }, (_, i) => i >> 1),
      row: Int32Array.from({ length: ACTORS * 2 }, (_, i) => (i * 7) % TINY_ITEMS),
      weight: new Float32Array(ACTORS * 2).fill(1),
    }),
  );
  const all = rows.map(() => 'all');
  await source(
    'trending.arrow',
    arrowFile({
      window: [...all, ...all.map(() => '7d')],
      category: [...all, ...all].map(() => ''),
      row: Int32Array.from([...rows, ...rows]),
      score: Float32Array.from([...rows, ...rows], (row) => 100 - row),
    }),
  );
  await source(
    'sources.json',
    JSON.stringify({
      present: { two_tower: true, ials: false },
      reasons: { ials: 'needs 100 actors, the data has 30' },
      parameters: {
        itemsPerActorMax: 200,
        weightScale: 5,
        ials: { dim: 8, alpha0: 0.1, regularisation: 0.01, nu: 1, halfLifeDays: 60 },
        itemItem: { halfLifeDays: 60, damping: 0.5 },
        coVisitation: { events: 50 },
        histories: { halfLifeDays: 60, items: 200 },
      },
    }),
  );
}

/** Options for a release of the tiny run; `changes` win. */
export function tinyBuild(runDir: string, outDir: string, changes: Partial<BuildOptions> = {}): BuildOptions {
  return {
    runDir,
    outDir,
    dataset: 'tiny',
    parameters: { candidatesMax: 50 },
    trainingWindow: { fromS: UNTIL_S - 86_400, untilS: UNTIL_S },
    gitCommit: 'test',
    offlineMetrics: [],
    index: { kind: 'auto', k: 10, recallTarget: 0.97 },
    features: TINY_FEATURES,
    now: () => new Date('2026-11-21T05:00:00Z'),
    ...changes,
  };
}

export async function buildTinyRelease(runDir: string, outDir: string, changes: Partial<BuildOptions> = {}) {
  return buildRelease(tinyBuild(runDir, outDir, changes));
}
