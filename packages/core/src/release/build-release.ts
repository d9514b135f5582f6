import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog } from '../catalog/catalog.ts';
import type { ParametersPatch } from '../contracts/effective-parameters.ts';
import { ShortlistError } from '../contracts/errors.ts';
import type { Profile } from '../contracts/profile.ts';
import {
  RELEASE_FORMAT_VERSION,
  type OfflineMetric,
  type ReleaseFile,
  type ReleaseManifest,
} from '../contracts/release-manifest.ts';
import { chooseIndex, type ChooseOptions, type IndexChoice } from '../retrieval/choose-index.ts';
import { HnswIndex } from '../retrieval/hnsw-index.ts';
import { ScanIndex } from '../retrieval/scan-index.ts';
import { realProfiles, realRankerBatch } from './build-inputs.ts';
import { syncToDisk } from './durable-write.ts';
import { BUILD_FEATURES, requireSameFeatures, type FeatureSchema } from './feature-schema.ts';
import { makeGolden } from './golden.ts';
import { nearestSearch } from './load-index.ts';
import { loadRelease } from './load-release.ts';
import type { LoadedRelease } from './loaded-release.ts';
import { serializeManifest } from './manifest.ts';
import { Ranker } from './ranker.ts';
import { describeFile } from './read-release-file.ts';
import { MANIFEST_FILE, RELEASE_FILES, type ReleaseFileKind } from './release-files.ts';
import { towerInput, UserTower } from './user-tower.ts';

const MEASURED_PROFILES = 200;
const GOLDEN_PROFILES = 4;
const GOLDEN_ROWS = 32;
/** A build that died left its folder; after this long nobody is working in it. */
const ABANDONED_MS = 24 * 3600 * 1000;
const BUILDING = '.building-';

export interface BuildOptions {
  /** The training run: folds/final, ranker, features.json. */
  readonly runDir: string;
  /** The dataset's releases folder; the release becomes `<outDir>/<id>`. */
  readonly outDir: string;
  readonly dataset: string;
  /** Laid over the defaults. Without a ranker, `precision` becomes `none`. */
  readonly parameters: ParametersPatch;
  readonly trainingWindow: ReleaseManifest['trainingWindow'];
  readonly gitCommit: string;
  /** Measured before, or now, on the loaded release: its id is not final then. */
  readonly offlineMetrics: readonly OfflineMetric[] | ((release: LoadedRelease) => Promise<readonly OfflineMetric[]>);
  /** What is absent beside what sources.json says, e.g. the ranker, and why. */
  readonly notes?: ReleaseManifest['notes'];
  readonly index?: { readonly kind: ChooseOptions['kind']; readonly k: number; readonly recallTarget: number };
  /** The feature list that the run must have been made with. Default: this build's. */
  readonly features?: FeatureSchema;
  readonly now?: () => Date;
  readonly log?: (line: string) => void;
}

const INDEX_DEFAULTS = { kind: 'auto', k: 500, recallTarget: 0.97 } as const;

/**
 * Makes a release of a finished training run. All work happens in a hidden folder beside the others; after the release
 * has been loaded once, as a pod would, one rename publishes it: a crash leaves no half release.
 * Errors: `release_input_missing`, `release_feature_mismatch` and those of loadRelease.
 */
export async function buildRelease(
  options: BuildOptions,
): Promise<{ id: string; dir: string; manifest: ReleaseManifest }> {
  const { outDir, log = () => undefined } = options;
  const features = await runFeatures(options.runDir);
  requireSameFeatures(features, options.features ?? BUILD_FEATURES);
  await mkdir(outDir, { recursive: true });
  await removeAbandoned(outDir);
  const dir = join(outDir, `${BUILDING}${randomBytes(6).toString('hex')}`);
  await mkdir(dir);
  try {
    log('release: copying files');
    await copyInputs(options.runDir, dir);
    log('release: index and golden outputs');
    const draft = { ...(await describe(options, dir, features)), offlineMetrics: [] };
    await writeFile(join(dir, MANIFEST_FILE), serializeManifest(draft).text);
    log('release: loading it as a pod would');
    const loaded = await loadRelease(dir, { features });
    let offlineMetrics: readonly OfflineMetric[];
    try {
      offlineMetrics =
        typeof options.offlineMetrics === 'function' ? await options.offlineMetrics(loaded) : options.offlineMetrics;
    } finally {
      await loaded.close();
    }
    const content = { ...draft, offlineMetrics: [...offlineMetrics] };
    const { id, text } = serializeManifest(content);
    await writeFile(join(dir, MANIFEST_FILE), text);
    await publish(dir, outDir, id);
    log(`release: ${id}`);
    return { id, dir: join(outDir, id), manifest: { id, ...content } };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

async function publish(dir: string, outDir: string, id: string): Promise<void> {
  for (const name of await readdir(dir)) await syncToDisk(join(dir, name));
  await syncToDisk(dir);
  await rename(dir, join(outDir, id));
  await syncToDisk(outDir);
}

async function removeAbandoned(outDir: string): Promise<void> {
  for (const name of await readdir(outDir)) {
    if (!name.startsWith(BUILDING)) continue;
    const { mtimeMs } = await stat(join(outDir, name));
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(join(outDir, name), { recursive: true, force: true });
  }
}

async function runFeatures(runDir: string): Promise<FeatureSchema> {
  const { hash, item, user, cross } = await readJson<FeatureSchema>(runDir, 'features.json');
  return { hash, item, user, cross };
}

async function readJson<T>(runDir: string, path: string): Promise<T> {
  try {
    return JSON.parse(await readFile(join(runDir, path), 'utf8')) as T;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShortlistError('release_input_missing', { file: path, reason }, { cause });
  }
}

const NO_EVENTS: Profile = {
  length: 0,
  rows: new Int32Array(0),
  types: new Uint8Array(0),
  timesS: new Float64Array(0),
};

const FOLDERS = { fold: 'folds/final', sources: 'folds/final/sources', ranker: 'ranker' } as const;

/** Copies what the run has. Only the catalogue and trending must be there: with them a pod can serve something. */
async function copyInputs(runDir: string, dir: string): Promise<void> {
  const needed: readonly ReleaseFileKind[] = [RELEASE_FILES.items, RELEASE_FILES.trending];
  for (const kind of Object.values(RELEASE_FILES)) {
    if (kind.origin === 'built') continue;
    const from = `${FOLDERS[kind.origin]}/${kind.path}`;
    try {
      await copyFile(join(runDir, from), join(dir, kind.path));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
      if (!needed.includes(kind)) continue;
      throw new ShortlistError('release_input_missing', { file: from, reason: `it holds ${kind.holds}` }, { cause });
    }
  }
}

type Draft = Omit<ReleaseManifest, 'id' | 'offlineMetrics'>;

/** Builds the index into `dir` and describes everything there. */
async function describe(options: BuildOptions, dir: string, features: FeatureSchema): Promise<Draft> {
  const catalog = Catalog.fromArrow(await readFile(join(dir, RELEASE_FILES.items.path)));
  const present = new Set(await readdir(dir));
  const has = (kind: ReleaseFileKind) => present.has(kind.path);
  const widths = { item: features.item.length, user: features.user.length, cross: features.cross.length };
  const vectors = has(RELEASE_FILES.itemVectors) ? await floatsOf(dir, RELEASE_FILES.itemVectors) : null;
  const dim = vectors ? vectors.length / catalog.count : 0;

  const userTower =
    vectors && has(RELEASE_FILES.userTower)
      ? await UserTower.open(await bytesOf(dir, RELEASE_FILES.userTower), RELEASE_FILES.userTower.path, vectors, dim)
      : null;
  const ranker = has(RELEASE_FILES.rankerFp32) ? await openRankers(dir, widths) : null;
  try {
    const foldDir = join(options.runDir, FOLDERS.fold);
    const profiles = userTower ? await realProfiles(foldDir, MEASURED_PROFILES) : [];
    const shown = profiles.length > 0 ? profiles.slice(0, GOLDEN_PROFILES) : [NO_EVENTS];
    const nowS = new Float64Array(profiles.length).fill(options.trainingWindow.untilS);
    const queries = userTower ? await userTower.run(profiles, nowS) : new Float32Array(0);
    const indexOptions = { ...INDEX_DEFAULTS, ...options.index };
    const choice =
      vectors && chooseIndex(vectors, dim, queries, { ...indexOptions, progress: options.log ?? (() => undefined) });
    if (choice?.index instanceof HnswIndex) await choice.index.save(join(dir, RELEASE_FILES.graph.path));
    if (choice?.file) await writeFile(join(dir, RELEASE_FILES.codes.path), choice.file);
    const golden = await makeGolden(
      { userTower, nearest: choice && nearestSearch(choice.index), itemVectors: vectors, ranker },
      {
        tower: userTower && towerInput(shown, nowS),
        ranker: ranker && (await realRankerBatch(options.runDir, widths, catalog.count, GOLDEN_ROWS)),
      },
    );
    return {
      formatVersion: RELEASE_FORMAT_VERSION,
      createdAt: (options.now ?? (() => new Date()))().toISOString(),
      dataset: options.dataset,
      items: catalog.count,
      dim,
      features,
      files: await describeFiles(dir),
      model: ranker && { rankerMacs: ranker.fp32.facts.macsPerRow, parameters: ranker.fp32.facts.parameters },
      parameters: { ...options.parameters, ...(ranker ? {} : { precision: 'none' }) },
      trainingWindow: options.trainingWindow,
      gitCommit: options.gitCommit,
      index: choice && indexOf(choice, indexOptions.k),
      golden,
      notes: [...(await sourceNotes(options.runDir)), ...(options.notes ?? [])],
    };
  } finally {
    await userTower?.close();
    await ranker?.fp32.close();
    await ranker?.int8.close();
  }
}

async function openRankers(dir: string, widths: Ranker['widths']): Promise<{ fp32: Ranker; int8: Ranker }> {
  const { rankerFp32, rankerInt8 } = RELEASE_FILES;
  const table = await floatsOf(dir, RELEASE_FILES.itemFeatures);
  const open = async (kind: ReleaseFileKind) => Ranker.open(await bytesOf(dir, kind), kind.path, table, widths);
  return { fp32: await open(rankerFp32), int8: await open(rankerInt8) };
}

function indexOf(choice: IndexChoice, k: number): ReleaseManifest['index'] {
  return {
    kind: choice.kind,
    ef: choice.index instanceof HnswIndex ? choice.index.ef : 0,
    ...(choice.index instanceof ScanIndex ? { scan: { lists: choice.index.listCount, ...choice.index.settings } } : {}),
    k,
    measurements: choice.measurements
      .filter(({ recall }) => Number.isFinite(recall))
      .map((row) => ({ ...row, filteredRecall: { ...row.filteredRecall } })),
  };
}

async function describeFiles(dir: string): Promise<ReleaseFile[]> {
  const files: ReleaseFile[] = [];
  for (const name of (await readdir(dir)).sort()) files.push(await describeFile(dir, name));
  return files;
}

/** Why sources are absent, as the training half gave it. */
async function sourceNotes(runDir: string): Promise<ReleaseManifest['notes']> {
  const { reasons } = await readJson<{ reasons?: Readonly<Record<string, string>> }>(
    runDir,
    `${FOLDERS.sources}/${RELEASE_FILES.sources.path}`,
  );
  return Object.entries(reasons ?? {}).map(([absent, reason]) => ({ absent, reason }));
}

async function bytesOf(dir: string, kind: ReleaseFileKind): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(join(dir, kind.path)));
  } catch (cause) {
    throw new ShortlistError('release_input_missing', { file: kind.path, reason: `it holds ${kind.holds}` }, { cause });
  }
}

async function floatsOf(dir: string, kind: ReleaseFileKind): Promise<Float32Array> {
  const bytes = await bytesOf(dir, kind);
  return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
}
