import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { Results } from '@shortlist/experiments/control/results.ts';
import type { Environment } from '../environment.ts';
import { importFile } from '../import/import-file.ts';
import { findSourceFiles } from '../import/sources.ts';
import type { Progress } from '../progress.ts';
import { gitCommit } from '../train/git-commit.ts';
import { forgetDatabase, withDatabase } from '../workspace/database.ts';
import { openRegistry } from '../workspace/open-registry.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { Population } from './population.ts';
import { SimulatedStack, STALE_AFTER_S } from './simulated-stack.ts';

export interface SimulateOptions {
  /** A shop that `shortlist generate` made: its true preferences must be known. */
  readonly dataset: string;
  /** One experiment among them. */
  readonly documents: readonly ExperimentsDocument[];
  readonly users: number;
  readonly visits: number;
  readonly days: number;
  readonly seed: number;
  readonly progress?: Progress;
}

/** How a simulated experiment went. */
export interface Simulation {
  readonly results: Results;
  /** What was decided on which day, from 1; holds are left out. */
  readonly decisions: readonly { readonly day: number; readonly action: string; readonly reason: string }[];
  readonly days: number;
  readonly visits: number;
  readonly seconds: number;
}

const DAY_S = 86_400;
/** Shoppers at the same time: enough for full batches of the ranker. */
const TOGETHER = 32;
const ACTOR = 'simulation';

/**
 * Runs an experiment on the demo shop's true preferences, in a database of its own (`<dataset>-simulation`) that is made
 * anew: shoppers visit, the served stages answer, the shoppers react, and each virtual day ends with an analysis and a
 * decision. Ends with the experiment, or after `days`.
 * @throws `oracle_unusable`, `release_*`, `database_*`, `field_invalid`, and those of documents
 */
export async function simulate(environment: Environment, options: SimulateOptions): Promise<Simulation> {
  const { dataset, documents, users, visits, days, seed, progress } = options;
  const startedMs = performance.now();
  const name = documents.find(({ kind }) => kind === 'Experiment')?.metadata.name;
  if (name === undefined)
    throw new ShortlistError('field_invalid', { field: 'file', reason: 'there is no document of the kind Experiment' });
  const { source } = datasetPaths(environment.home, dataset);
  const population = await Population.of(join(source, 'generator.json'), users, seed);
  const registry = openRegistry(environment.home, dataset);
  const releaseDir = await registry.dirOf((await registry.requirePointer()).active);

  const own = `${dataset}-simulation`;
  await forgetDatabase(environment, own);
  return withDatabase(environment, own, async ({ pool }) => {
    const release = await loadRelease(releaseDir);
    const startS = await importHistory(pool, source, datasetPaths(environment.home, own).rejects);
    const codeVersion = await gitCommit(environment.repository);
    const stack = await SimulatedStack.open({ pool, release, population, startS, codeVersion });
    try {
      await stack.experiments.apply(documents, ACTOR);
      await stack.experiments.move(name, ACTOR, { action: 'start', reason: 'simulation' });
      const decisions: { day: number; action: string; reason: string }[] = [];
      const coming = population.visits(visits, startS, startS + days * DAY_S);
      let done = 0;
      let day = 0;
      let waiting = coming.next();
      while (day < days && !decisions.some(({ action }) => ENDS.has(action))) {
        day += 1;
        const endS = startS + day * DAY_S;
        while (!waiting.done && waiting.value.atS < endS) {
          const together = [];
          while (!waiting.done && waiting.value.atS < endS && together.length < TOGETHER) {
            together.push(waiting.value);
            waiting = coming.next();
          }
          await stack.visit(together);
          done += together.length;
          progress?.update('visits', done, visits, `day ${day} of ${days}`);
        }
        stack.clock.nowS = endS;
        await stack.settled();
        const evidence = await stack.results.fresh(name);
        const decision = await stack.experiments.settle(name, evidence, STALE_AFTER_S);
        if (decision !== null && decision.action !== 'hold')
          decisions.push({ day, action: decision.action, reason: decision.reason });
      }
      progress?.stop();
      const results = await stack.results.of(name);
      return { results, decisions, days: day, visits: done, seconds: (performance.now() - startedMs) / 1000 };
    } finally {
      progress?.stop();
      await stack.close();
      await release.close();
    }
  });
}

/** What makes further days pointless. */
const ENDS = new Set(['roll_back', 'promote', 'stop']);

/** The shop's history, so that its shoppers have profiles; returns when it ends, unix seconds. */
async function importHistory(pool: Parameters<typeof postgresStores>[0], source: string, rejects: string) {
  const stores = postgresStores(pool);
  for (const file of findSourceFiles('jsonl', source)) await importFile({ stores, file, rejectsFolder: rejects });
  await pool.query('ANALYZE items, events, impressions');
  const { lastS } = await stores.events.summary();
  return Math.ceil(lastS / DAY_S) * DAY_S;
}
