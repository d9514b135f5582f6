import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OfflineMetric } from '../../src/contracts/release-manifest.ts';
import { loadRelease } from '../../src/release/load-release.ts';
import { readManifest } from '../../src/release/manifest.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { reseal, unchanged } from './poisoned-releases.ts';
import { randomUnitVectors } from './tiny-models.ts';
import { buildTinyRelease, TINY_FEATURES, TINY_ITEMS, writeTinyRun } from './tiny-run.ts';

let folder: string;
let runDir: string;
let outDir: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-release-'));
  [runDir, outDir] = [join(folder, 'run'), join(folder, 'releases')];
  await writeTinyRun(runDir);
});
afterEach(() => rm(folder, { recursive: true }));

/** The tiny towers are of 8 dimensions; codes come in groups of 16. */
async function useWideVectors(): Promise<void> {
  const sources = join(runDir, 'folds/final/sources');
  for (const tower of ['user-tower.onnx', 'item-tower.onnx']) await rm(join(sources, tower));
  await writeFile(join(sources, 'item-vectors.f32'), randomUnitVectors(TINY_ITEMS, 16, seededRandom(3)));
}

describe('building a release', () => {
  it('publishes a release that loads, with index, golden outputs, model size and notes', async () => {
    const { id, dir, manifest } = await buildTinyRelease(runDir, outDir);
    expect(id).toMatch(/^r-202611210500-[0-9a-f]{8}$/);
    expect(await readdir(outDir)).toEqual([id]);
    expect(await readManifest(dir)).toEqual(manifest);
    expect(manifest).toMatchObject({
      items: TINY_ITEMS,
      dim: 8,
      model: { rankerMacs: 12 * 32 + 32 * 16 + 16 * 2 },
      notes: [{ absent: 'ials', reason: 'needs 100 actors, the data has 30' }],
    });
    expect(manifest.index!.measurements).toMatchObject([
      { kind: 'flat', recall: 1 },
      { kind: 'hnsw', hnsw: { m: 32, efConstruction: 400 } },
    ]);
    expect(manifest.golden.userTower!.userVectors.shape).toEqual([4, 8]);
    expect(manifest.golden.ranker!.logitsInt8.shape).toEqual([32, 2]);

    const release = await loadRelease(dir, { features: TINY_FEATURES });
    expect(release.parameters).toMatchObject({ candidatesMax: 50, precision: 'int8', profileEventsMax: 100 });
    expect(release.sources.map((source) => source.name)).toEqual([
      ...['two_tower', 'co_visitation', 'item_item', 'user_user', 'content'],
      ...['category', 'repeats', 'trending', 'popular', 'new_items'],
    ]);
    await release.close();
  });

  it('gives the same id to the same content and another to another', async () => {
    const first = await buildTinyRelease(runDir, outDir, { index: { kind: 'flat', k: 10, recallTarget: 0.9 } });
    expect(first.manifest.files.map((file) => file.path)).not.toContain('index.hnsw');
    await writeTinyRun(join(folder, 'other-run'), 2);
    const other = await buildTinyRelease(join(folder, 'other-run'), outDir);
    expect(other.id).not.toBe(first.id);
    expect((await readdir(outDir)).sort()).toEqual([first.id, other.id].sort());
  });

  it('ships a graph index that finds what the exact scan finds', async () => {
    const { dir, manifest } = await buildTinyRelease(runDir, outDir, {
      index: { kind: 'hnsw', k: 10, recallTarget: 1 },
    });
    expect(manifest.index).toMatchObject({ kind: 'hnsw', measurements: [{ kind: 'hnsw', recall: 1 }] });
    const release = await loadRelease(dir, { features: TINY_FEATURES });
    const rows = new Int32Array(1);
    for (let row = 0; row < TINY_ITEMS; row++) {
      release.vectorIndex!.search(release.itemVectors!.slice(row * 8, row * 8 + 8), 1, rows, new Float32Array(1), null);
      expect(rows[0]).toBe(row);
    }
    await release.close();
  });

  it.each(['flat_int8', 'ivf'] as const)('ships codes (%s) that find what the exact scan finds', async (kind) => {
    await useWideVectors();
    const { dir, manifest } = await buildTinyRelease(runDir, outDir, { index: { kind, k: 10, recallTarget: 0.97 } });
    // Without a tower there are no users to measure with: the settings are the defaults.
    expect(manifest.index).toMatchObject({
      kind,
      scan: { lists: kind === 'ivf' ? 3 : 1, probes: kind === 'ivf' ? 3 : 1 },
      measurements: [],
    });
    expect(manifest.files.map((file) => file.path)).toContain('index.codes');
    const release = await loadRelease(dir, { features: TINY_FEATURES, spareRows: () => 3 });
    const rows = new Int32Array(1);
    for (let row = 0; row < TINY_ITEMS; row++) {
      const query = release.itemVectors!.slice(row * 16, row * 16 + 16);
      release.vectorIndex!.search(query, 1, rows, new Float32Array(1), null);
      expect(rows[0]).toBe(row);
    }
    await release.close();
  });

  it('refuses codes that are damaged, or of other vectors, although their digest is right', async () => {
    await useWideVectors();
    const { dir } = await buildTinyRelease(runDir, outDir, { index: { kind: 'ivf', k: 10, recallTarget: 0.97 } });
    const file = join(dir, 'index.codes');
    const whole = await readFile(file);
    const poison = async (change: (bytes: Buffer) => void) => {
      const bytes = Buffer.from(whole);
      change(bytes);
      await writeFile(file, bytes);
      await reseal(dir, unchanged);
      await expect(loadRelease(dir, { features: TINY_FEATURES })).rejects.toMatchObject({
        code: 'release_file_invalid',
        details: { file: 'index.codes' },
      });
    };
    await poison((bytes) => bytes.fill(0, 0, 8));
    await poison((bytes) => bytes.writeUInt32LE(32, 8));
    await poison((bytes) => bytes.writeUInt32LE(0, 16));
    await poison((bytes) => bytes.fill(0xff, 64 + 256, 64 + 256 + 64));
    await poison((bytes) => bytes.fill(9, bytes.length - 1024));
  });

  it('measures on the loaded release and puts the figures under the id', async () => {
    const metric: OfflineMetric = { system: 'served', metric: 'ndcg', k: 10, value: 0.3, low: 0.2, high: 0.4 };
    const { dir, manifest } = await buildTinyRelease(runDir, outDir, {
      offlineMetrics: async (release) => {
        const scores = await release.ranker!.int8.run({
          requests: 1,
          count: 1,
          userFeatures: new Float32Array(3),
          crossFeatures: new Float32Array(5),
          itemRows: Int32Array.of(0),
          requestIndex: Int32Array.of(0),
        });
        return [{ ...metric, value: scores.length }];
      },
    });
    expect(manifest.offlineMetrics).toEqual([{ ...metric, value: 2 }]);
    expect((await readManifest(dir)).offlineMetrics).toEqual(manifest.offlineMetrics);
  });

  it('serves without a ranker and without towers, and says so', async () => {
    await rm(join(runDir, 'ranker'), { recursive: true });
    for (const name of ['item-vectors.f32', 'user-tower.onnx', 'item-tower.onnx', 'histories.arrow'])
      await rm(join(runDir, 'folds/final/sources', name));
    const { dir, manifest } = await buildTinyRelease(runDir, outDir, {
      notes: [{ absent: 'ranker', reason: 'too few rows' }],
    });
    expect(manifest).toMatchObject({ model: null, index: null, dim: 0, golden: { userTower: null, ranker: null } });
    expect(manifest.notes).toContainEqual({ absent: 'ranker', reason: 'too few rows' });
    const release = await loadRelease(dir, { features: TINY_FEATURES });
    expect(release).toMatchObject({
      userTower: null,
      ranker: null,
      vectorIndex: null,
      parameters: { precision: 'none' },
    });
    expect(release.sources.map((source) => source.name)).not.toContain('two_tower');
  });

  it.each([
    ['folds/final/items.arrow', 'release_input_missing', 'folds/final/items.arrow'],
    ['folds/final/sources/trending.arrow', 'release_input_missing', 'folds/final/sources/trending.arrow'],
    ['folds/final/sources/sources.json', 'release_input_missing', 'folds/final/sources/sources.json'],
    ['folds/final/item-features.f32', 'release_input_missing', 'item-features.f32'],
    ['folds/fold-0/ranker-features.f32', 'release_input_missing', 'folds/*/ranker-features.f32'],
    ['ranker/ranker.int8.onnx', 'release_input_missing', 'ranker.int8.onnx'],
    ['features.json', 'release_input_missing', 'features.json'],
  ])('without %s it names the file and leaves nothing behind', async (gone, code, file) => {
    await rm(join(runDir, gone));
    await expect(buildTinyRelease(runDir, outDir)).rejects.toMatchObject({ code, details: { file } });
    expect(await readdir(outDir).catch(() => [])).toEqual([]);
  });

  it('refuses a run whose features are not those of this build', async () => {
    await expect(buildTinyRelease(runDir, outDir, { features: { ...TINY_FEATURES, hash: 'x' } })).rejects.toMatchObject(
      {
        code: 'release_feature_mismatch',
      },
    );
  });

  it('refuses a model that gives no numbers', async () => {
    const broken = new URL('../vectors/tiny-models/broken/not-a-number.onnx', import.meta.url);
    await copyFile(broken, join(runDir, 'ranker/ranker.int8.onnx'));
    await expect(buildTinyRelease(runDir, outDir)).rejects.toMatchObject({
      code: 'release_golden_mismatch',
      details: { file: 'ranker.int8.onnx', expected: 'a finite number' },
    });
    expect(await readdir(outDir)).toEqual([]);
  });

  it('leaves no half release when the evaluation fails', async () => {
    const offlineMetrics = () => Promise.reject(new Error('no events to evaluate on'));
    await expect(buildTinyRelease(runDir, outDir, { offlineMetrics })).rejects.toThrow('no events to evaluate on');
    expect(await readdir(outDir)).toEqual([]);
  });

  it('clears away what a build that died a day ago left, and nothing younger', async () => {
    for (const name of ['.building-old', '.building-young']) {
      await mkdir(join(outDir, name), { recursive: true });
      await writeFile(join(outDir, name, 'items.arrow'), 'half');
    }
    const longAgo = new Date(Date.now() - 2 * 24 * 3600 * 1000);
    await utimes(join(outDir, '.building-old'), longAgo, longAgo);
    const { id } = await buildTinyRelease(runDir, outDir);
    expect((await readdir(outDir)).sort()).toEqual(['.building-young', id]);
    expect(await readFile(join(outDir, '.building-young/items.arrow'), 'utf8')).toBe('half');
  });
});
