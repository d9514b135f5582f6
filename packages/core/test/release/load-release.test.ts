import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS, ShortlistError, type ErrorCode } from '../../src/contracts/errors.ts';
import type { Golden } from '../../src/contracts/release-manifest.ts';
import { checkGolden } from '../../src/release/golden.ts';
import { nearestSearch } from '../../src/release/load-index.ts';
import { loadRelease } from '../../src/release/load-release.ts';
import type { LoadedRelease } from '../../src/release/loaded-release.ts';
import { packArray, unpackFloats } from '../../src/release/packed-array.ts';
import { POISONED } from './poisoned-releases.ts';
import { buildTinyRelease, TINY_FEATURES, TINY_ITEMS, writeTinyRun } from './tiny-run.ts';

let folder: string;
let good: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-release-'));
  await writeTinyRun(join(folder, 'run'));
  good = (await buildTinyRelease(join(folder, 'run'), join(folder, 'releases'))).dir;
});
afterAll(() => rm(folder, { recursive: true }));

describe('loading a release', () => {
  it.each(POISONED.map((poison) => [poison.name, poison] as const))('refuses %s', async (_, poison) => {
    const dir = join(folder, 'poisoned');
    await rm(dir, { recursive: true, force: true });
    await cp(good, dir, { recursive: true });
    await poison.spoil(dir);
    const error: unknown = await loadRelease(dir, { features: TINY_FEATURES }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ShortlistError);
    expect(error).toMatchObject({ code: poison.code, details: { file: poison.file } });
    expect(Object.keys(ERRORS)).toContain(poison.code satisfies string as ErrorCode);
    expect((error as ShortlistError).message).not.toMatch(/ \? |undefined/);
  });

  it('refuses every release under the feature list of this build when it was made with another', async () => {
    await expect(loadRelease(good)).rejects.toMatchObject({ code: 'release_feature_mismatch' });
  });

  it('takes int8 results that differ a little only where a CPU has no VNNI', async () => {
    const release = await loadRelease(good, { features: TINY_FEATURES });
    const golden = { ...release.manifest.golden, vnni: true };
    const near = { ...golden, ranker: moved(golden.ranker!, 0.01) };
    await expect(checkGolden(near, subject(release), { vnni: true })).rejects.toMatchObject({
      code: 'release_golden_mismatch',
      details: { file: 'ranker.int8.onnx' },
    });
    await checkGolden(near, subject(release), { vnni: false });
    await checkGolden({ ...near, vnni: false }, subject(release), { vnni: true });
    const far = { ...golden, ranker: moved(golden.ranker!, 0.2) };
    await expect(checkGolden(far, subject(release), { vnni: false })).rejects.toMatchObject({
      code: 'release_golden_mismatch',
    });
    await release.close();
  });

  it('compares the index by closeness, so that a wrong neighbour shows', async () => {
    const release = await loadRelease(good, { features: TINY_FEATURES });
    const nearest = nearestSearch(release.vectorIndex!);
    await checkGolden(release.manifest.golden, { ...subject(release), nearest });
    const worst = (vector: Float32Array, k: number) => Array.from(nearest(vector, TINY_ITEMS)).slice(-k);
    await expect(checkGolden(release.manifest.golden, { ...subject(release), nearest: worst })).rejects.toMatchObject({
      code: 'release_golden_mismatch',
      details: { file: 'vector index' },
    });
    await release.close();
  });
});

const subject = ({ userTower, itemVectors, ranker }: LoadedRelease) => ({
  userTower,
  nearest: null,
  itemVectors,
  ranker,
});

/** Golden int8 logits, each off by `by`. */
function moved(ranker: NonNullable<Golden['ranker']>, by: number): NonNullable<Golden['ranker']> {
  const { logitsInt8 } = ranker;
  return {
    ...ranker,
    logitsInt8: packArray(
      unpackFloats(logitsInt8).map((logit) => logit + by),
      logitsInt8.shape,
    ),
  };
}
