import { existsSync } from 'node:fs';
import { cp, link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FEATURE_HASH } from '@shortlist/core/features/definitions.ts';
import { RELEASE_FORMAT_VERSION, type ReleaseManifest } from '@shortlist/core/contracts/release-manifest.ts';
import { readManifest, serializeManifest } from '@shortlist/core/release/manifest.ts';
import type { IndexKind } from '@shortlist/core/retrieval/vector-index.ts';
import { option } from '../../../core/bench/option.ts';
import { writeSyntheticRelease } from '../synthetic-run.ts';

/** Of the synthetic data: another number makes it anew. */
const DATA_VERSION = 2;

/** Where made releases are kept between runs; `.shortlist` of the checkout unless told. Outside git. */
const cacheFolder = (): string =>
  process.env.SHORTLIST_BENCH_CACHE ?? resolve(import.meta.dirname, '../../../../.shortlist/bench');

/**
 * A synthetic release of so many items, from the cache or made now (a million with lists: 4 minutes). By itself it prints
 * the folder: `node packages/serving/bench/http/bench-release.ts --items 1000000 --index ivf`.
 */
export async function benchRelease(items: number, index: IndexKind | 'auto'): Promise<string> {
  const key = `${items}-${index}-${DATA_VERSION}.${RELEASE_FORMAT_VERSION}-${FEATURE_HASH.slice(0, 8)}`;
  const folder = join(cacheFolder(), key);
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`;
    await mkdir(making, { recursive: true });
    await writeSyntheticRelease(making, items, 1, index);
    await rm(join(making, 'run-1'), { recursive: true });
    await rename(making, folder);
  }
  const [id] = await readdir(join(folder, 'releases'));
  return join(folder, 'releases', id!);
}

if (import.meta.main) {
  console.log(await benchRelease(Number(option('items', '1000000')), option('index', 'ivf') as IndexKind | 'auto'));
}

/** A workspace `home` in which the release in `from` serves `dataset` with these parameters; its files are linked. */
export async function placeRelease(
  from: string,
  place: { readonly home: string; readonly dataset: string },
  parameters: ReleaseManifest['parameters'],
): Promise<ReleaseManifest> {
  const { id: _, ...content } = await readManifest(from);
  const changed = { ...content, dataset: place.dataset, parameters: { ...content.parameters, ...parameters } };
  const { id, text } = serializeManifest(changed);
  const folder = join(place.home, 'datasets', place.dataset);
  const release = join(folder, 'releases', id);
  await mkdir(release, { recursive: true });
  for (const name of await readdir(from)) {
    if (name === 'manifest.json') continue;
    // A workspace on another disk cannot share files.
    await link(join(from, name), join(release, name)).catch(() => cp(join(from, name), join(release, name)));
  }
  await writeFile(join(release, 'manifest.json'), text);
  const pointer = { active: id, previous: null, changedAt: new Date().toISOString() };
  await writeFile(join(folder, 'active.json'), JSON.stringify(pointer));
  return { id, ...changed };
}
