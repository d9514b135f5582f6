import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import { buildRelease } from '@shortlist/core/release/build-release.ts';
import { train, type TrainOptions } from '../../src/train/train.ts';
import { storesOf, START_S, type LoggedEvent } from './training-log.ts';

const repository = resolve(import.meta.dirname, '../../../..');
const python = existsSync(join(repository, '.venv/bin/python'));

/** A busy little shop: 30 days in which 30 users buy three items again and again. Too few for any model. */
const EVENTS: LoggedEvent[] = Array.from({ length: 600 }, (_, i) => ({
  user: `user-${i % 30}`,
  row: (i * 7 + (i % 3)) % 10,
  type: i % 4 === 0 ? 'purchase' : 'view',
  day: i / 20,
}));

let trainingDir: string;
beforeEach(async () => {
  trainingDir = await mkdtemp(join(tmpdir(), 'train-'));
});
afterEach(() => rm(trainingDir, { recursive: true }));

async function options(events: readonly LoggedEvent[], lines: string[] = []): Promise<TrainOptions> {
  const log = (line: string) => void lines.push(line);
  return { stores: await storesOf(events), dataset: 'tiny', seed: 1, trainingDir, repository, fresh: false, log };
}

describe.skipIf(!python)('shortlist train, with the real Python', () => {
  it(
    'makes a release of what little data allows, says what is absent, and does nothing twice',
    { timeout: 240_000 },
    async () => {
      const first = await train(await options(EVENTS));
      expect(first.plan.folds.length).toBeGreaterThan(0);
      // Lists of ten candidates and ten users: enough for rows, too few for a ranker or just enough; either is said.
      const { id, dir } = await buildRelease({
        runDir: first.runDir,
        outDir: join(trainingDir, 'releases'),
        dataset: 'tiny',
        parameters: first.plan.parameters,
        trainingWindow: { fromS: first.plan.fromS, untilS: first.plan.untilS },
        gitCommit: 'test',
        offlineMetrics: [],
      });
      const release = await loadRelease(dir);
      expect(release.id).toBe(id);
      expect(release.ranker === null).toBe(first.withoutRanker !== null);
      expect(release.manifest.notes.map(({ absent }) => absent)).toContain('two_tower');
      expect(release.itemFeatures.every(Number.isFinite)).toBe(true);
      await release.close();

      const lines: string[] = [];
      const second = await train(await options(EVENTS, lines));
      expect(second.runDir).toBe(first.runDir);
      expect(lines.filter((line) => line.includes('fitting the sources') && !line.endsWith('done before'))).toEqual([]);

      const { folds } = JSON.parse(await readFile(join(first.runDir, 'plan.json'), 'utf8')) as typeof first.plan;
      for (const fold of folds) {
        const about = JSON.parse(await readFile(join(first.runDir, 'folds', fold.name, 'fold.json'), 'utf8')) as {
          until_s: number;
        };
        expect(about.until_s).toBe(fold.untilS);
      }
    },
  );

  it('refuses a shop without events, naming what is missing', async () => {
    await expect(train(await options([]))).rejects.toMatchObject({ code: 'training_data_missing' });
    const before = { ...(await options(EVENTS)), untilS: START_S - 1 };
    await expect(train(before)).rejects.toMatchObject({ code: 'training_data_missing' });
  });
});
