import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { buildRelease } from '@shortlist/core/release/build-release.ts';
import { gateRelease } from '@shortlist/core/release/gate.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { Environment } from '../environment.ts';
import { withDatabase } from '../workspace/database.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { madeBefore, rememberRelease } from './made-releases.ts';
import { rankerMetrics } from './offline-metrics.ts';
import { train } from './train.ts';

export interface TrainReleaseOptions {
  readonly dataset: string;
  readonly seed: number;
  readonly untilS?: number;
  readonly fresh: boolean;
  /** Let it serve if the gate agrees. */
  readonly activate: boolean;
  readonly log: (line: string) => void;
}

/**
 * Trains on a dataset's database, builds the release and activates it unless it is worse than the one that serves.
 * @throws those of `train` and `buildRelease`; `release_gate_failed` with the reasons (the release stays, inactive)
 */
export async function trainRelease(
  environment: Environment,
  options: TrainReleaseOptions,
): Promise<{ id: string; dir: string }> {
  const { dataset, log } = options;
  const paths = datasetPaths(environment.home, dataset);
  const result = await withDatabase(
    environment,
    dataset,
    ({ pool }) =>
      train({
        ...options,
        stores: postgresStores(pool),
        trainingDir: paths.training,
        repository: environment.repository,
      }),
    { log },
  );
  const { runDir, plan, withoutRanker } = result;
  const known = options.fresh ? null : await madeBefore(runDir, paths.releases);
  const built =
    known ??
    (await buildRelease({
      runDir,
      outDir: paths.releases,
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
  if (!options.activate) return built;

  const registry = new ReleaseRegistry({ dataset, releasesDir: paths.releases, activePath: paths.active });
  const pointer = await registry.pointer();
  if (pointer?.active === built.id) return built;
  if (pointer !== null) {
    const current = await registry.manifest(pointer.active).catch((error: unknown) => {
      // A damaged release that is active must not keep a good one from serving.
      if (error instanceof ShortlistError) return null;
      throw error;
    });
    const decision = gateRelease(await registry.manifest(built.id), current);
    for (const { reason } of decision.checks) log(`[train] gate: ${reason}`);
    if (!decision.pass) {
      const reasons = decision.checks.filter(({ pass }) => !pass).map(({ reason }) => reason);
      throw new ShortlistError('release_gate_failed', { release: built.id, reasons: reasons.join('; ') });
    }
  }
  await registry.activate(built.id);
  log(`[train] ${built.id} serves${withoutRanker === null ? '' : ', without a ranker'}`);
  return built;
}

/** The commit of the checkout, with `+` when the working tree differs from it; `unknown` outside of git. */
async function gitCommit(repository: string): Promise<string> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', args, { cwd: repository })).stdout.trim();
  try {
    const commit = await git('rev-parse', 'HEAD');
    return `${commit}${(await git('status', '--porcelain', '--untracked-files=no')) === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}
