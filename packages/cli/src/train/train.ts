import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { effectiveParameters } from '@shortlist/core/contracts/effective-parameters.ts';
import { CROSS_FEATURES, FEATURE_HASH, REQUEST_FEATURES } from '@shortlist/core/features/definitions.ts';
import { ITEM_FEATURES } from '@shortlist/core/features/item-features.ts';
import { METADATA_DIM } from '@shortlist/core/features/item-metadata.ts';
import type { Stores } from '@shortlist/core/stores/stores.ts';
import { bytesOf, writeArrow, writeWhole } from './arrow-file.ts';
import { codeDigest } from './code-digest.ts';
import { exportFold } from './export-fold.ts';
import { loadFoldRetrieval } from './fold-retrieval.ts';
import { itemFeaturesAt } from './item-features-file.ts';
import { makePlan, planDigest, type FoldPlan, type TrainingPlan } from './plan.ts';
import { runPython } from './python.ts';
import { RequestReplay } from './replay.ts';
import { requestsOf } from './requests.ts';
import { writeRows } from './rows.ts';
import { StepRunner } from './steps.ts';
import { ActorHistory, readTrainingLog, type TrainingLog } from './training-log.ts';

export interface TrainOptions {
  readonly stores: Pick<Stores, 'items' | 'events' | 'impressions'>;
  readonly dataset: string;
  readonly seed: number;
  /** No event at or after this moment is used for anything; unix seconds, by default after the last event. */
  readonly untilS?: number;
  /** `training/` of the dataset's workspace. */
  readonly trainingDir: string;
  /** The checkout, for `.venv` and `models/`. */
  readonly repository: string;
  /** Do finished steps again. */
  readonly fresh: boolean;
  readonly log: (line: string) => void;
}

/** Names of the actors that the folds number: Arrow file with one column `key`, by number. */
export const ACTORS_FILE = 'actors.arrow';

/** What a release is built from. */
export interface TrainingResult {
  readonly runDir: string;
  /** The fold on the whole training window: its sources are the release's. */
  readonly finalFold: string;
  readonly plan: TrainingPlan;
  /** Why there is no ranker; null when there is one. */
  readonly withoutRanker: string | null;
}

/**
 * `shortlist train` up to the release: event log -> folds -> sources (Python) -> replayed candidate lists with features ->
 * ranker (Python). Steps that are done are not done again, so an interrupted run goes on where it stopped.
 * @throws `training_*`, `python_missing`, `disk_full`, and those of the stores
 */
export async function train(options: TrainOptions): Promise<TrainingResult> {
  const { stores, log: say } = options;
  say(`[train] reading ${options.dataset}`);
  const log = await readTrainingLog(stores, {
    ...(options.untilS === undefined ? {} : { beforeS: options.untilS }),
    progress: progressEvery(3_000, (events, perSecond) => say(`  ${events} events, ${Math.round(perSecond)} events/s`)),
  });
  refuseEmpty(log);
  const plan = makePlan(log, { ...options, codeDigest: await codeDigest(options.repository) });
  const runDir = join(options.trainingDir, `run-${planDigest(plan)}`);
  await mkdir(runDir, { recursive: true });
  say(describePlan(plan, log));
  await writeWhole(join(runDir, 'plan.json'), `${JSON.stringify(plan, null, 1)}\n`);
  await writeWhole(join(runDir, 'features.json'), `${JSON.stringify(featureNames(), null, 1)}\n`);

  await writeArrow(join(runDir, ACTORS_FILE), { key: { texts: log.actorKeys } });

  const run = new TrainingRun(options, plan, log, runDir);
  if (options.fresh) await run.steps.forget();
  await run.folds();
  const withoutRanker = await run.ranker();
  await removeOldRuns(options.trainingDir, runDir);
  return { runDir, finalFold: run.dirOf(run.final), plan, withoutRanker };
}

/** Finished runs whose files stay. */
const RUNS_KEPT = 3;
/** Python processes that fit sources side by side. */
const FITS_AT_ONCE = 2;

class TrainingRun {
  readonly steps: StepRunner;
  readonly final: FoldPlan;
  readonly #options: TrainOptions;
  readonly #plan: TrainingPlan;
  readonly #log: TrainingLog;
  readonly #history: ActorHistory;
  readonly #runDir: string;

  constructor(options: TrainOptions, plan: TrainingPlan, log: TrainingLog, runDir: string) {
    this.#options = options;
    this.#plan = plan;
    this.#log = log;
    this.#history = new ActorHistory(log);
    this.#runDir = runDir;
    this.final = { name: 'final', untilS: plan.untilS, labelUntilS: plan.untilS };
    // Per fold export, fit and rows; the last has no rows; then the ranker.
    const total = 3 * plan.folds.length + 2 + (plan.folds.length > 0 ? 1 : 0);
    this.steps = new StepRunner({ runDir, total, log: options.log });
  }

  dirOf(fold: FoldPlan): string {
    return join(this.#runDir, 'folds', fold.name);
  }

  /**
   * Sources and rows of all folds, FITS_AT_ONCE at a time: one thread each, since the small matrices of one fit gain
   * nothing from a second (and lose much when somebody else needs the core). The first failure ends the others.
   */
  async folds(): Promise<void> {
    const waiting = [this.final, ...this.#plan.folds];
    const failed = new AbortController();
    const lane = async () => {
      for (let fold = waiting.shift(); fold && !failed.signal.aborted; fold = waiting.shift()) {
        await this.#sources(fold, failed.signal);
        if (fold !== this.final) await this.#rows(fold);
      }
    };
    const lanes = Array.from({ length: FITS_AT_ONCE }, () =>
      lane().catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
    );
    const results = await Promise.allSettled(lanes);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    // The lanes that were ended say so; the first cause is what counts.
    const cause = reasons.find(({ name }) => name !== 'AbortError');
    if (cause !== undefined) throw cause;
  }

  /** Fits the ranker on the rows of all folds. Returns why there is none, or null. */
  async ranker(): Promise<string | null> {
    const { folds, seed } = this.#plan;
    if (folds.length === 0) return 'the events span too little time for a cut-off with labels after it';
    try {
      await this.steps.run({
        name: 'ranker',
        title: 'fitting the ranker',
        after: folds.map((fold) => `rows-${fold.name}`),
        inputs: { seed },
        work: () => this.#python('fit-ranker', ['--run', this.#runDir]),
      });
    } catch (error) {
      // Without enough rows there is no ranker, but there still are sources: the release serves their fused order.
      if (!(error instanceof ShortlistError) || !TOO_LITTLE.has(error.code)) throw error;
      this.#options.log(`  no ranker: ${error.message}`);
      await rm(join(this.#runDir, 'ranker'), { recursive: true, force: true });
      return error.message;
    }
    return null;
  }

  async #sources(fold: FoldPlan, signal: AbortSignal): Promise<void> {
    const dir = this.dirOf(fold);
    await this.steps.run({
      name: `export-${fold.name}`,
      title: `exporting ${fold.name}, events before ${isoDay(fold.untilS)}`,
      after: [],
      inputs: { fold, dataDigest: this.#plan.dataDigest },
      work: async () => {
        const begun = performance.now();
        const events = await exportFold(this.#log, fold, dir);
        const perSecond = Math.round((events / (performance.now() - begun)) * 1000);
        if (fold === this.final) {
          const catalog = Catalog.fromArrow(await readFile(join(dir, 'items.arrow')));
          await writeWhole(join(dir, 'item-features.f32'), bytesOf(itemFeaturesAt(this.#log, catalog, fold.untilS)));
        }
        this.#options.log(`  ${fold.name}: ${events} events, ${perSecond} events/s`);
      },
    });
    await this.steps.run({
      name: `sources-${fold.name}`,
      title: `fitting the sources of ${fold.name}`,
      after: [`export-${fold.name}`],
      inputs: { seed: this.#plan.seed },
      work: () => this.#python('fit-sources', ['--fold', dir], { threads: 1, signal, prefix: `${fold.name}: ` }),
    });
  }

  async #rows(fold: FoldPlan): Promise<void> {
    const dir = this.dirOf(fold);
    const plan = this.#plan;
    await this.steps.run({
      name: `rows-${fold.name}`,
      title: `replaying requests of ${fold.name}`,
      after: [`sources-${fold.name}`],
      inputs: { rows: plan.rows, parameters: plan.parameters, featureHash: FEATURE_HASH, fold },
      work: async () => {
        const parameters = effectiveParameters(plan.parameters);
        const retrieval = await loadFoldRetrieval(dir, parameters);
        const requests = requestsOf(this.#log, this.#history, plan, fold);
        const begun = performance.now();
        const itemFeatures = itemFeaturesAt(this.#log, retrieval.catalog, fold.untilS);
        const { profileEventsMax } = parameters;
        const counts = await writeRows({
          plan,
          requests,
          replay: new RequestReplay({ history: this.#history, retrieval, itemFeatures, profileEventsMax }),
          itemFeatures,
          stem: join(dir, 'ranker'),
          progress: progressEvery(5_000, (done, total) =>
            this.#options.log(`  ${fold.name}: ${done} of ${total} requests`),
          ),
        });
        await retrieval.close();
        const perSecond = Math.round((requests.length / (performance.now() - begun)) * 1000);
        this.#options.log(
          `  ${fold.name}: ${requests.length} requests (${perSecond}/s), ${counts.lists} lists, ${counts.rows} rows; ` +
            `${counts.retrieved} of ${counts.wanted} wanted items retrieved`,
        );
      },
    });
  }

  #python(
    verb: string,
    args: readonly string[],
    { prefix = '', ...limits }: { threads?: number; signal?: AbortSignal; prefix?: string } = {},
  ): Promise<void> {
    const { repository, log } = this.#options;
    return runPython({
      repository,
      verb,
      args: [...args, '--seed', `${this.#plan.seed}`],
      log: (line) => log(`  ${prefix}${line}`),
      ...limits,
    });
  }
}

const TOO_LITTLE: ReadonlySet<string> = new Set(['training_data_too_small', 'training_data_missing']);

function refuseEmpty(log: TrainingLog): void {
  if (log.items.length === 0)
    throw new ShortlistError('training_data_missing', { missing: 'the catalogue has no items', needed: 'an import' });
  if (log.count === 0)
    throw new ShortlistError('training_data_missing', {
      missing: 'there are no events on catalogue items in the training window',
      needed: 'at least one event; some hundred users for more than popularity',
    });
}

function featureNames() {
  const names = (features: readonly { readonly name: string }[]) => features.map(({ name }) => name);
  return {
    hash: FEATURE_HASH,
    item: names(ITEM_FEATURES),
    user: names(REQUEST_FEATURES),
    cross: names(CROSS_FEATURES),
    metadataDim: METADATA_DIM,
  };
}

function describePlan(plan: TrainingPlan, log: TrainingLog): string {
  const { events, items, actors, slates } = plan.counts;
  const cuts = plan.folds.map((fold) => isoDay(fold.untilS)).join(', ');
  return [
    `[train] ${events} events of ${actors} users and sessions on ${items} items, ${slates} slates;`,
    `${isoDay(plan.fromS)} to ${isoDay(plan.untilS)};`,
    plan.folds.length > 0 ? `ranker cut-offs ${cuts} (${plan.labels})` : 'too short a span for a ranker',
    ...(log.unknownItems > 0 ? [`; ${log.unknownItems} events on items that are not in the catalogue left out`] : []),
  ].join(' ');
}

const isoDay = (timeS: number): string => new Date(timeS * 1000).toISOString().slice(0, 16).replace('T', ' ');

function progressEvery<T extends unknown[]>(everyMs: number, report: (...values: T) => void): (...values: T) => void {
  let last = performance.now();
  return (...values) => {
    if (performance.now() - last < everyMs) return;
    last = performance.now();
    report(...values);
  };
}

/**
 * Keeps this run and the two used last before it (one release may be on all data, another for an evaluation); of the
 * others nobody would know what they were good for, and their row files are large.
 */
async function removeOldRuns(trainingDir: string, runDir: string): Promise<void> {
  const runs: { path: string; usedMs: number }[] = [];
  for (const name of await readdir(trainingDir)) {
    const path = join(trainingDir, name);
    // plan.json is written anew by every use of the run.
    const plan = join(path, 'plan.json');
    if (name.startsWith('run-') && path !== runDir)
      runs.push({ path, usedMs: existsSync(plan) ? (await stat(plan)).mtimeMs : 0 });
  }
  runs.sort((a, b) => b.usedMs - a.usedMs);
  for (const { path } of runs.slice(RUNS_KEPT - 1)) await rm(path, { recursive: true, force: true });
}
