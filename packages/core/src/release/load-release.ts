import { basename } from 'node:path';
import { Catalog } from '../catalog/catalog.ts';
import { effectiveParameters } from '../contracts/effective-parameters.ts';
import { ShortlistError } from '../contracts/errors.ts';
import type { ReleaseManifest } from '../contracts/release-manifest.ts';
import { BUILD_FEATURES, requireSameFeatures, type FeatureSchema } from './feature-schema.ts';
import { checkGolden } from './golden.ts';
import { loadIndex, loadVectors, nearestSearch } from './load-index.ts';
import { ItemTower } from './item-tower.ts';
import type { LoadedRelease } from './loaded-release.ts';
import { readManifest } from './manifest.ts';
import { Ranker } from './ranker.ts';
import { Pace } from './pace.ts';
import { ReleaseContent } from './release-content.ts';
import { MANIFEST_FILE, RELEASE_FILES } from './release-files.ts';
import { releaseSources } from './release-sources.ts';
import { UserTower } from './user-tower.ts';

export interface LoadOptions {
  /** Of the manifest.json that must be there, hex; default: any. */
  readonly manifestSha256?: string;
  /** Compare every file with its sha256. Default true; only benchmarks that load in a loop turn it off. */
  readonly verifyDigests?: boolean;
  /** The feature list that the caller computes. Default: this build's. */
  readonly features?: FeatureSchema;
  /** Who is served meanwhile. Default: nobody. */
  readonly pace?: Pace;
  /** Rows to leave free for items that come while the release serves, by the number of its own. Default: none. */
  readonly spareRows?: (items: number) => number;
}

/**
 * Loads the release in `dir` or refuses it with a reason, leaving nothing behind: manifest, feature list, digests,
 * tables, models, golden outputs, in this order, the cheap checks first.
 * Errors: every `release_*` code but those of the registry, naming the file and what was expected and found.
 */
export async function loadRelease(dir: string, options: LoadOptions = {}): Promise<LoadedRelease> {
  const manifest = await readManifest(dir, options.manifestSha256);
  requireSameFeatures(manifest.features, options.features ?? BUILD_FEATURES);
  const parameters = parametersOf(manifest);
  const { pace = Pace.alone(), verifyDigests = true } = options;
  const content = new ReleaseContent(dir, manifest, { verifyDigests, pace });

  const spareRows = options.spareRows?.(manifest.items) ?? 0;
  const catalog = await content.parsed(RELEASE_FILES.items, (bytes) =>
    pace.run(Catalog.inPieces(bytes, { spareRows })),
  );
  if (catalog.count !== manifest.items)
    throw unusable(RELEASE_FILES.items.path, `it has ${catalog.count} items, the manifest says ${manifest.items}`);
  const itemFeatures = await tableOf(content, catalog, manifest.features.item.length);
  const table = content.has(RELEASE_FILES.itemVectors) ? await loadVectors(content, manifest, catalog.capacity) : null;
  const itemVectors = table && table.vectors;

  const opened: { close(): Promise<void> }[] = [];
  try {
    const userTower = await openTower(content, manifest, itemVectors, opened);
    const itemTower = spareRows > 0 && itemVectors ? await openItemTower(content, manifest, opened) : null;
    const ranker = await openRankers(content, manifest, itemFeatures, opened);
    const vectorIndex = table && (await loadIndex(content, manifest, table, pace));
    const nearest = vectorIndex && nearestSearch(vectorIndex);
    await pace.rest();
    await checkGolden(manifest.golden, { userTower, nearest, itemVectors, ranker });
    const towers = vectorIndex && userTower && itemVectors ? { index: vectorIndex, itemVectors } : null;
    const { sources, rankedLists, popularity } = await releaseSources(content, catalog, towers, pace);
    await content.verifyUnread();
    return {
      id: manifest.id,
      dir,
      manifest,
      parameters,
      catalog,
      sources,
      rankedLists,
      popularity,
      itemFeatures,
      itemVectors,
      vectorIndex,
      userTower,
      itemTower,
      ranker,
      close: async () => {
        for (const model of opened) await model.close();
      },
    };
  } catch (error) {
    for (const model of opened) await model.close();
    throw error;
  } finally {
    content.letGo();
  }
}

function parametersOf(manifest: ReleaseManifest): LoadedRelease['parameters'] {
  try {
    return effectiveParameters(manifest.parameters);
  } catch (cause) {
    if (!(cause instanceof ShortlistError)) throw cause;
    const { field, reason } = cause.details;
    throw new ShortlistError('release_manifest_invalid', { file: MANIFEST_FILE, field, reason }, { cause });
  }
}

/** Empty where the release has no ranker to read it. */
async function tableOf(content: ReleaseContent, catalog: Catalog, columns: number): Promise<Float32Array> {
  const { count, capacity } = catalog;
  if (content.has(RELEASE_FILES.itemFeatures))
    return content.floats(RELEASE_FILES.itemFeatures, count, columns, capacity);
  return new Float32Array(0);
}

async function openTower(
  content: ReleaseContent,
  manifest: ReleaseManifest,
  itemVectors: Float32Array | null,
  opened: { close(): Promise<void> }[],
): Promise<UserTower | null> {
  const file = RELEASE_FILES.userTower;
  if (!content.has(file)) return null;
  if (!itemVectors) throw unusable(file.path, `it reads ${RELEASE_FILES.itemVectors.path}, which is not there`);
  const tower = await UserTower.open(await content.bytes(file), basename(file.path), itemVectors, manifest.dim);
  opened.push(tower);
  return tower;
}

async function openItemTower(
  content: ReleaseContent,
  manifest: ReleaseManifest,
  opened: { close(): Promise<void> }[],
): Promise<ItemTower | null> {
  const file = RELEASE_FILES.itemTower;
  if (!content.has(file)) return null;
  const tower = await ItemTower.open(await content.bytes(file), basename(file.path), manifest.dim);
  opened.push(tower);
  return tower;
}

async function openRankers(
  content: ReleaseContent,
  manifest: ReleaseManifest,
  itemFeatures: Float32Array,
  opened: { close(): Promise<void> }[],
): Promise<LoadedRelease['ranker']> {
  const { rankerFp32, rankerInt8 } = RELEASE_FILES;
  if (!content.has(rankerFp32) && !content.has(rankerInt8)) return null;
  const { item, user, cross } = manifest.features;
  const widths = { item: item.length, user: user.length, cross: cross.length };
  const open = async (file: typeof rankerFp32 | typeof rankerInt8) => {
    if (itemFeatures.length === 0)
      throw unusable(file.path, `it reads ${RELEASE_FILES.itemFeatures.path}, which is not there`);
    const ranker = await Ranker.open(await content.bytes(file), file.path, itemFeatures, widths);
    opened.push(ranker);
    // A graph of another size than was measured would also take another time.
    const macs = manifest.model?.rankerMacs ?? 0;
    if (ranker.facts.macsPerRow === macs) return ranker;
    const reason = `it takes ${ranker.facts.macsPerRow} multiply-adds per row, the manifest says ${macs}`;
    throw new ShortlistError('release_model_invalid', { file: file.path, field: 'graph', reason });
  };
  return { fp32: await open(rankerFp32), int8: await open(rankerInt8) };
}

function unusable(file: string, reason: string): ShortlistError {
  return new ShortlistError('release_file_invalid', { file, reason });
}
