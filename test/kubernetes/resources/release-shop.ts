import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { describeFile } from '@shortlist/core/release/read-release-file.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { buildTinyRelease, writeTinyRun } from '../../../packages/core/test/release/tiny-run.ts';

export interface ReleaseShop {
  /** SHORTLIST_HOME of the pods. */
  readonly home: string;
  /** Ids of real, tiny releases; the first is active. */
  readonly releases: readonly string[];
  manifestSha256(release: string): Promise<string>;
  /** Flips a bit of a file of the release; once more mends it. */
  flip(release: string, file: string): Promise<void>;
  remove(): Promise<void>;
}

/** A workspace with `count` releases, as the pods of a deployment find it on their volume. */
export async function makeReleaseShop(count: number): Promise<ReleaseShop> {
  const home = await mkdtemp(join(tmpdir(), 'shortlist-releases-'));
  const dataset = join(home, 'datasets/demo');
  const releases: string[] = [];
  for (let seed = 1; seed <= count; seed++) {
    const run = join(home, `run-${seed}`);
    await writeTinyRun(run, seed, BUILD_FEATURES);
    const { id } = await buildTinyRelease(run, join(home, 'built'), { features: BUILD_FEATURES });
    releases.push(id);
  }
  await cp(join(home, 'built'), join(dataset, 'releases'), { recursive: true });
  const dirOf = (release: string) => join(dataset, 'releases', release);
  const registry = new ReleaseRegistry({
    dataset: 'demo',
    releasesDir: join(dataset, 'releases'),
    activePath: join(dataset, 'active.json'),
  });
  await registry.activate(releases[0]!);
  return {
    home,
    releases,
    manifestSha256: async (release) => (await describeFile(dirOf(release), 'manifest.json')).sha256,
    async flip(release, file) {
      const path = join(dirOf(release), file);
      const bytes = await readFile(path);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(path, bytes);
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
