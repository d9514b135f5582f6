import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LiveItem } from '@shortlist/core/contracts/live.ts';
import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { Ranker } from '@shortlist/core/release/ranker.ts';
import { buildTinyRelease, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import { randomRanker } from '../../bench/random-ranker.ts';

export const NOW_S = 1_700_000_000;
export const RELEASED = 60;

/** Makes releases of the 60 tiny items with spare rows and a random ranker of this build's widths. */
export class TinyReleases {
  readonly #folder: string;
  readonly #dir: string;
  readonly #open: LoadedRelease[] = [];

  private constructor(folder: string, dir: string) {
    this.#folder = folder;
    this.#dir = dir;
  }

  static async build(): Promise<TinyReleases> {
    const folder = await mkdtemp(join(tmpdir(), 'tiny-live-'));
    await writeTinyRun(join(folder, 'run'), 1, BUILD_FEATURES);
    const { dir } = await buildTinyRelease(join(folder, 'run'), join(folder, 'releases'), { features: BUILD_FEATURES });
    return new TinyReleases(folder, dir);
  }

  async load(spareRows = 20): Promise<LoadedRelease> {
    const release = await loadRelease(this.#dir, { spareRows: () => spareRows });
    const itemFeatures = new Float32Array(release.catalog.capacity * FEATURE_WIDTHS.item).fill(1);
    const open = (precision: 'fp32' | 'int8') =>
      Ranker.open(randomRanker(precision, [32, 16]), precision, itemFeatures, FEATURE_WIDTHS);
    const parameters = { ...release.parameters, precision: 'int8' as const };
    const ranker = { fp32: await open('fp32'), int8: await open('int8') };
    const ready = { ...release, parameters, itemFeatures, ranker };
    this.#open.push(ready);
    return ready;
  }

  async close(): Promise<void> {
    for (const release of this.#open) await release.close();
    await rm(this.#folder, { recursive: true });
  }
}

export const liveItem = (itemId: string, version: number, of: Partial<LiveItem> = {}): LiveItem => {
  const row = Number(/^item-(\d+)$/.exec(itemId)?.[1] ?? 0);
  return {
    kind: 'item',
    itemId,
    version,
    title: `Title ${row}`,
    category: row % 2 === 0 ? 'books' : 'games',
    brand: `brand-${row % 5}`,
    price: 1 + row,
    available: true,
    createdS: NOW_S - 1000 * row,
    ...of,
  };
};
