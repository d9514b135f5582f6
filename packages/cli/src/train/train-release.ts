import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { buildRelease } from '@shortlist/core/release/build-release.ts';
import { gateRelease } from '@shortlist/core/release/gate.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { Environment } from '../environment.ts';
import { withDatabase } from '../workspace/database.ts';
import { openRegistry } from '../workspace/open-registry.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { gitCommit } from './git-commit.ts';
import { madeBefore, rememberRelease } from './made-releases.ts';
import { rankerMetrics } from './offline-metrics.ts';
import { train } from './train.ts';

const PASSED = { pass: true, checks: [] } as const;

export interface TrainReleaseOptions {
  readonly dataset: string;
  readonly seed: number;
  readonly untilS?: number;
  readonly fresh: boolean;
  /** Let it serve if the gate agrees. */
  readonly activate: boolean;
  /** Training runs and releases lie here instead of in the dataset's folder, e.g. those of an evaluation. */
  readonly folder?: string;
  readonly log: (line: string) => void;
}

/**
 * Trains on a dataset's database, builds the release and activates it unless it is worse than the one that serves.
 * @throws those of `train` and `buildRelease`; `release_gate_failed` with the reasons (the release stays, inactive)
 */
export async function trainRelease(
  environment: Environment,
  options: TrainReleaseOptions,
): Promise<{ id: string; dir: string; runDir: string }> {
  const { dataset, log } = options;
  const paths = datasetPaths(environment.home, dataset);
  const trainingDir = options.folder === undefined ? paths.training : join(options.folder, 'training');
  const releasesDir = options.folder === undefined ? paths.releases : join(options.folder, 'releases');
  const result = await withDatabase(
    environment,
    dataset,
    ({ pool }) =>
      train({
        ...options,
        stores: postgresStores(pool),
        trainingDir,
        repository: environment.repository,
      }),
    { log },
  );
  const { runDir, plan, withoutRanker } = result;
  const known = options.fresh ? null : await madeBefore(runDir, releasesDir);
  const built =
    known ??
    (await buildRelease({
      runDir,
      outDir: releasesDir,
      dataset,
      parameters: plan.parameters,
      trainingWindow: { fromS: plan.fromS, untilS: plan.untilS },
      gitCommit: await gitCommit(environment.repository),
      offlineMetrics: withoutRanker === null ? await rankerMetrics(runDir) : [],
      notes: withoutRanker === null ? [] : [{ absent: 'ranker', reason: withoutRanker }],
      log: (line) => log(`[train] ${line}`),
    }));
  if (known) log(`[train] ${known.id} was made of this run before`);
  else await rememberRelease(runDir, built.id);
  const made = { id: built.id, dir: built.dir, runDir };
  if (!options.activate) return made;

  const registry = openRegistry(environment.home, dataset);
  const pointer = await registry.pointer();
  if (pointer?.active === built.id) return made;
  if (pointer !== null) {
    const current = await registry.manifest(pointer.active).catch((error: unknown) => {
      // A damaged release that is active must not keep a good one from serving.
      if (error instanceof ShortlistError) return null;
      throw error;
    });
    // Of two releases without a ranker nothing was measured: the one on newer data serves.
    const nothingMeasured = withoutRanker !== null && current?.model === null;
    const decision = nothingMeasured ? PASSED : gateRelease(await registry.manifest(built.id), current);
    for (const { reason } of decision.checks) log(`[train] gate: ${reason}`);
    if (!decision.pass) {
      const reasons = decision.checks.filter(({ pass }) => !pass).map(({ reason }) => reason);
      throw new ShortlistError('release_gate_failed', { release: built.id, reasons: reasons.join('; ') });
    }
  }
  await registry.activate(built.id);
  log(`[train] ${built.id} serves${withoutRanker === null ? '' : ', without a ranker'}`);
  return made;
}
