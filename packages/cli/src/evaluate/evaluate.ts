import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { EvaluationMode, EvaluationReport } from '@shortlist/core/contracts/evaluation.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { EventSummary } from '@shortlist/core/stores/event-store.ts';
import type { Environment } from '../environment.ts';
import { loadOracle } from '../generate/oracle.ts';
import { gitCommit } from '../train/git-commit.ts';
import { trainRelease } from '../train/train-release.ts';
import { withDatabase } from '../workspace/database.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { actorsOf, rankBaselines } from './baselines.ts';
import { collectUnits } from './collect-units.ts';
import { evaluateGowalla, GOWALLA } from './gowalla.ts';
import { protocolOf } from './protocols.ts';
import { regretRows } from './regret.ts';
import { scoreSystem, type RankedLists } from './score-system.ts';
import { rankServed } from './served-lists.ts';
import { rankSources } from './source-lists.ts';
import { lastPurchaseS, readSplitFile, splitUnits } from './split-file.ts';
import type { EvaluationUnit, Label } from './unit.ts';

export interface EvaluateOptions {
  readonly dataset: string;
  readonly mode: EvaluationMode;
  /** ISO-8601; by default the dataset's protocol. */
  readonly trainUntil?: string;
  readonly testUntil?: string;
  readonly label?: Label;
  /** CSV of `user,item`: the relevant item of each user, in place of a test period. */
  readonly splitFile?: string;
  readonly seed: number;
  readonly log: (line: string) => void;
}

/**
 * Trains a release on what lies before the split, asks it for slates through the served stages, and scores them beside
 * every source alone and every baseline.
 * @throws those of training, of the database and of `readSplitFile`; `dataset_missing` when nothing was imported; `field_invalid` for times
 * that are none; `evaluation_empty` when nobody has a relevant item
 */
export async function evaluate(environment: Environment, options: EvaluateOptions): Promise<EvaluationReport> {
  const { dataset, mode, log } = options;
  if (dataset === GOWALLA) return evaluateGowalla(environment, options);
  // Before the training: a typo must not cost one.
  const relevant = options.splitFile === undefined ? null : await readSplitFile(options.splitFile);
  return withDatabase(environment, dataset, async ({ pool }) => {
    const stores = postgresStores(pool);
    const summary = await stores.events.summary();
    if (summary.events === 0)
      throw new ShortlistError('dataset_missing', {
        path: `dataset ${dataset}`,
        reason: 'it has no events',
        hint: 'Run `shortlist import` first.',
      });
    const split = splitOf(options, summary);
    log(`[evaluate] ${split.protocol}`);
    const trained = await trainRelease(environment, {
      dataset,
      seed: options.seed,
      untilS: split.trainUntilS,
      fresh: false,
      activate: false,
      folder: join(datasetPaths(environment.home, dataset).folder, 'evaluation'),
      log,
    });
    const release = await loadRelease(trained.dir);
    try {
      // An item that first appeared after the split is unseen, also where the catalogue already lists it.
      const rowOf = (itemId: string) => {
        const row = release.catalog.rowOf(itemId);
        return row >= 0 && release.catalog.createdS[row]! < split.trainUntilS ? row : -1;
      };
      const units =
        relevant === null
          ? await collectUnits(stores.events, rowOf, { ...split, mode })
          : await splitUnits(relevant, stores.events, rowOf, split.trainUntilS);
      if (!units.some((unit) => unit.truth.size > 0)) throw new ShortlistError('evaluation_empty', { dataset });
      log(`[evaluate] ${units.length} units`);
      const systems = await rankAll(release, units, mode, log);
      log('[evaluate] baselines');
      const actors = await actorsOf(units, trained.runDir);
      const ofBaselines = {
        repository: environment.repository,
        fold: join(trained.runDir, 'folds', 'final'),
        mask: mode === 'new-only' && relevant !== null ? ('untouched' as const) : mode,
        log: (line: string) => log(`  ${line}`),
      };
      for (const [name, lists] of await rankBaselines(actors, ofBaselines)) systems.set(name, lists);
      if (relevant !== null) {
        const strict = { ...ofBaselines, systems: ['popular', 'co_visits'], cutoffs: units.map(lastPurchaseS) };
        for (const [name, lists] of await rankBaselines(actors, strict)) systems.set(`strict.${name}`, lists);
      }
      log(`[evaluate] scoring ${systems.size} systems`);
      const rows = [...systems].flatMap(([name, lists]) => scoreSystem(name, units, lists, release.catalog.count));
      const description = join(datasetPaths(environment.home, dataset).source, 'generator.json');
      if (existsSync(description))
        rows.push(...regretRows(systems, units, release.catalog, await loadOracle(description)));
      return { dataset, mode, protocol: split.protocol, commit: await gitCommit(environment.repository), rows };
    } finally {
      await release.close();
    }
  });
}

/** Lists of the served slate in both precisions, and of each source alone. */
async function rankAll(
  release: LoadedRelease,
  units: readonly EvaluationUnit[],
  mode: EvaluationMode,
  log: (line: string) => void,
): Promise<Map<string, RankedLists>> {
  const systems = new Map<string, RankedLists>();
  const served = async (name: string, parameters: Parameters<typeof rankServed>[3]) => {
    const started = performance.now();
    const lists = await rankServed(release, units, mode, parameters, (done) => {
      if (done % 2_000 < 16) log(`[evaluate] ${name}: ${done} of ${units.length}`);
    });
    systems.set(name, lists);
    log(`[evaluate] ${name}: ${units.length} slates in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  };
  await served('served', {});
  if (release.ranker !== null) await served('served_fp32', { precision: 'fp32' });
  await served('served_fused', { precision: 'none' });
  log('[evaluate] every source alone');
  for (const [name, lists] of await rankSources(release, units, mode)) systems.set(name, lists);
  return systems;
}

interface Split {
  readonly trainUntilS: number;
  readonly testUntilS: number;
  readonly label: Label;
  readonly protocol: string;
}

function splitOf(options: EvaluateOptions, events: EventSummary): Split {
  const protocol = protocolOf(options.dataset);
  const label = options.label ?? protocol.label;
  const end = events.lastS + 1;
  if (options.splitFile !== undefined)
    return {
      trainUntilS: end,
      testUntilS: end,
      label,
      protocol:
        'relevant items from a split file, training on all events' +
        (options.mode === 'new-only' ? ', what the user touched left out' : '') +
        '; items that training never saw count as misses; strict.*: others are known up to the last training purchase',
    };
  const { trainUntil } = protocol;
  const trainUntilS =
    options.trainUntil !== undefined
      ? timeOf('--train-until', options.trainUntil)
      : typeof trainUntil === 'string'
        ? timeOf('protocol', trainUntil)
        : end - trainUntil.daysBeforeEnd * 86_400;
  const testUntilS = options.testUntil === undefined ? end : timeOf('--test-until', options.testUntil);
  if (!(trainUntilS < testUntilS))
    throw new ShortlistError('field_invalid', {
      field: options.testUntil === undefined ? '--train-until' : '--test-until',
      reason: 'there is nothing between the end of training and the end of the test period',
    });
  const day = (timeS: number) => new Date(timeS * 1000).toISOString().slice(0, 16);
  return {
    trainUntilS,
    testUntilS,
    label,
    protocol: `train before ${day(trainUntilS)}, test until ${day(testUntilS)}, relevant: ${label}`,
  };
}

function timeOf(field: string, text: string): number {
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs))
    throw new ShortlistError('field_invalid', { field, reason: `'${text}' is no ISO-8601 time` });
  return timeMs / 1000;
}
