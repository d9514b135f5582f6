import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Results } from '@shortlist/experiments/control/results.ts';
import { runVerb } from '../demo/run-verb.ts';
import type { Environment } from '../environment.ts';
import { ExperimentsClient, pathOf } from '../experiment/client.ts';
import { resultsTable } from '../experiment/results-table.ts';
import { startProgress } from '../progress.ts';
import { Population } from '../simulate/population.ts';
import { BY_LOT } from '../simulate/presets.ts';
import { stopSignal } from '../up/stop-signal.ts';
import { withPlatform, type Platform, type UpOptions } from '../up/up.ts';
import { openDatabase, type Database } from '../workspace/database.ts';
import { openRegistry } from '../workspace/open-registry.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { recount } from './recount.ts';
import { Visitors } from './visitors.ts';

export interface DemoExperimentOptions extends UpOptions {
  readonly users: number;
  /** The longest that shoppers visit, seconds. */
  readonly secondsMax: number;
}

const SECOND_SEED = 2;
const POLL_MS = 50;
/** Shoppers go on for a while after the rollback, so that its effect is seen. */
const AFTER_MS = 5_000;
const OBEYED_WITHIN_MS = 10_000;
const DAY_S = 86_400;

const print = (line: string) => void process.stdout.write(`${line}\n`);

/**
 * `make demo-experiment`: two releases of the demo shop, a 90/10 split between them whose treatment does harm, shoppers
 * who click by their true preferences, two ranking pods; the harm must be found and rolled back, both pods must obey
 * within 10 s, and the results must be right to the event. Sets the exit code to 1 when something of it did not hold.
 */
export async function demoExperiment(environment: Environment, options: DemoExperimentOptions): Promise<void> {
  const { dataset } = options;
  const stop = stopSignal();
  const steps = await missingSteps(environment, dataset);
  const database = await openDatabase(environment, dataset);
  try {
    for (const [i, step] of steps.entries()) {
      if (stop.aborted) return;
      print(`\n[demo-experiment ${i + 1}/${steps.length + 1}] shortlist ${step.join(' ')}`);
      const code = await runVerb(environment, step, stop);
      process.exitCode = code;
      if (code !== 0) return;
    }
    print(`\n[demo-experiment ${steps.length + 1}/${steps.length + 1}] shortlist up, with two pods`);
    await withPlatform(environment, { ...options, pods: 2, analysisEveryS: 2 }, stop, (platform) =>
      split(environment, options, { platform, database, stop }),
    );
  } catch (error) {
    throw database.codedError(error);
  } finally {
    await database.close();
  }
}

/** A shop whose shoppers' preferences are known, and two releases of it; what they do in a run is no reason to train again. */
async function missingSteps(environment: Environment, dataset: string): Promise<readonly (readonly string[])[]> {
  const of = ['--dataset', dataset];
  const data = [
    ['generate', ...of],
    ['import', 'jsonl', ...of],
  ];
  const registry = openRegistry(environment.home, dataset);
  if ((await registry.pointer()) !== null && (await registry.ids()).length > 1) return data;
  return [...data, ['train', ...of], ['train', ...of, '--seed', String(SECOND_SEED), '--no-activate']];
}

interface Running {
  readonly platform: Platform;
  readonly database: Database;
  readonly stop: AbortSignal;
}

async function split(environment: Environment, options: DemoExperimentOptions, running: Running): Promise<void> {
  const { platform, database, stop } = running;
  const { dataset, users, secondsMax } = options;
  const client = new ExperimentsClient(platform.experimentsUrl);
  const name = `second-release-${Date.now().toString(36)}`;
  const second = await otherRelease(environment, dataset);
  await client.request('POST', '/documents', { body: documentOf(name, second) });
  await client.request('POST', pathOf(name, '/start'), { body: { reason: 'demonstration' } });
  print(`Experiment ${name}: 90 % control, 10 % release ${second}, which draws its items by lot.`);
  const isReady = async () => {
    const pods = await statusOf(platform);
    return pods.every(
      ({ experiments, releases }) =>
        experiments.includes(name) && releases.some((one) => one.release === second && one.loaded),
    );
  };
  await until('both pods hold the second release and split the traffic', 120_000, stop, isReady);

  const nowS = () => Date.now() / 1000 + platform.clockOffsetS;
  const source = join(datasetPaths(environment.home, dataset).source, 'generator.json');
  const population = await Population.of(source, users, Date.now() % 1_000_000);
  const visitors = new Visitors({
    population,
    podUrls: platform.podUrls,
    ingestUrl: platform.ingestUrl,
    run: name,
    nowS,
    visits: population.visits(10_000_000, nowS(), nowS() + DAY_S),
  });
  const failed = visitors.done().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  try {
    const outcome = await watch(client, name, { platform, visitors, stop, failed, secondsMax });
    await visitors.stop();
    if (stop.aborted) return;
    await report(client, name, { database, visitors, outcome });
  } finally {
    await visitors.stop().catch(() => undefined);
  }
}

interface Outcome {
  readonly isRolledBack: boolean;
  readonly foundAfterS: number;
  /** By pod: ms from the decision until its snapshot had nothing of the experiment. */
  readonly obeyedMs: readonly number[];
  readonly obeyedAtMs: number;
}

async function watch(
  client: ExperimentsClient,
  name: string,
  {
    platform,
    visitors,
    stop,
    failed,
    secondsMax,
  }: {
    platform: Platform;
    visitors: Visitors;
    stop: AbortSignal;
    failed: Promise<Error | undefined>;
    secondsMax: number;
  },
): Promise<Outcome> {
  const progress = startProgress();
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  let failure: Error | undefined;
  void failed.then((error) => (failure = error));
  let runningAtMs = performance.now();
  try {
    while (!stop.aborted && seconds() < secondsMax) {
      if (failure !== undefined) throw failure;
      const askedMs = performance.now();
      const { status } = await client.request<{ status: { state: string } }>('GET', pathOf(name));
      if (status.state !== 'running') break;
      runningAtMs = askedMs;
      progress.update(
        'seconds',
        Math.min(seconds(), secondsMax),
        secondsMax,
        `${visitors.seen.length} slates, ${visitors.events} events`,
      );
      await sleep(POLL_MS);
    }
  } finally {
    progress.stop();
  }
  const { status } = await client.request<{ status: { state: string } }>('GET', pathOf(name));
  const foundAfterS = seconds();
  if (status.state !== 'rolled_back')
    return { isRolledBack: false, foundAfterS, obeyedMs: [], obeyedAtMs: performance.now() };
  const obeyedMs: number[] = platform.podUrls.map(() => NaN);
  await until('both pods obey', 60_000, stop, async () => {
    (await statusOf(platform)).forEach(({ experiments }, pod) => {
      if (!experiments.includes(name) && Number.isNaN(obeyedMs[pod])) obeyedMs[pod] = performance.now() - runningAtMs;
    });
    return obeyedMs.every((ms) => !Number.isNaN(ms));
  });
  const obeyedAtMs = performance.now();
  await sleep(AFTER_MS);
  return { isRolledBack: true, foundAfterS, obeyedMs, obeyedAtMs };
}

/** Prints what was found, the independent count beside it, and what of the promise did not hold. */
async function report(
  client: ExperimentsClient,
  name: string,
  { database, visitors, outcome }: { database: Database; visitors: Visitors; outcome: Outcome },
): Promise<void> {
  const results = await settledResults(client, name);
  print(`\n${resultsTable(results)}`);
  const counts = await recount(database.pool, name, 24);
  print('Counted again from the raw rows:');
  for (const { variant, units, slates, items, clicks, buyers } of counts)
    print(`  ${variant}: ${units} units, ${slates} slates, ${items} items shown, ${clicks} clicks, ${buyers} buyers`);
  const differences = differencesOf(results, counts);
  const late = visitors.seen.filter(
    ({ askedAtMs, experiments }) => askedAtMs > outcome.obeyedAtMs && experiments.includes(name),
  );
  print(`\n${visitors.seen.length} slates, ${visitors.events} events over HTTP.`);
  const held: readonly (readonly [string, boolean])[] = [
    [`the harm was rolled back after ${outcome.foundAfterS.toFixed(1)} s`, outcome.isRolledBack],
    [
      `every pod obeyed within 10 s (${outcome.obeyedMs.map((ms) => `${ms.toFixed(0)} ms`).join(', ')})`,
      outcome.isRolledBack && outcome.obeyedMs.every((ms) => ms <= OBEYED_WITHIN_MS) && late.length === 0,
    ],
    [
      `results are right to the event${differences.length === 0 ? '' : `: ${differences.join('; ')}`}`,
      differences.length === 0,
    ],
  ];
  for (const [what, isTrue] of held) print(`${isTrue ? 'yes' : 'NO '}  ${what}`);
  if (held.some(([, isTrue]) => !isTrue)) process.exitCode = 1;
}

/** Asks until what was recorded has all arrived: two answers in a row that say the same. */
async function settledResults(client: ExperimentsClient, name: string): Promise<Results> {
  let last = '';
  for (;;) {
    const results = await client.request<Results>('GET', pathOf(name, '/results'));
    const { arms, metrics } = results.evidence;
    const text = JSON.stringify([arms, metrics]);
    if (text === last) return results;
    last = text;
    // Longer than the service gives the same numbers again.
    await sleep(6_000);
  }
}

function differencesOf({ evidence }: Results, counts: Awaited<ReturnType<typeof recount>>): string[] {
  const differences: string[] = [];
  const expect = (what: string, found: number | null, expected: number) => {
    if (found === null || Math.abs(found - expected) > 1e-9 * Math.max(1, Math.abs(expected)))
      differences.push(`${what} ${found}, counted ${expected}`);
  };
  for (const [i, { variant, units }] of evidence.arms.entries()) {
    const count = counts.find((one) => one.variant === variant);
    expect(`units of ${variant}`, units, count?.units ?? 0);
    if (count === undefined) continue;
    const rates = {
      'click-through-rate': count.clicks / count.items,
      'conversion-per-user': count.buyers / count.units,
    };
    for (const { metric, control, comparisons } of evidence.metrics) {
      const expected = rates[metric as keyof typeof rates];
      const found = i === 0 ? control.mean : (comparisons[i - 1]?.mean ?? null);
      if (expected !== undefined) expect(`${metric} of ${variant}`, found, expected);
    }
  }
  return differences;
}

/** Of each pod: what its snapshot splits, and which releases it holds for that. */
const statusOf = (platform: Platform): Promise<readonly PodExperiments[]> =>
  Promise.all(
    platform.podUrls.map(async (url) => {
      const status = (await (await fetch(`${url}/status`)).json()) as { pipeline: { experiments: PodExperiments } };
      return status.pipeline.experiments;
    }),
  );

interface PodExperiments {
  readonly experiments: readonly string[];
  readonly releases: readonly { readonly release: string; readonly loaded: boolean }[];
}

async function until(what: string, withinMs: number, stop: AbortSignal, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!stop.aborted && !(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await sleep(POLL_MS);
  }
}

async function otherRelease(environment: Environment, dataset: string): Promise<string> {
  const registry = openRegistry(environment.home, dataset);
  const { active } = await registry.requirePointer();
  for (const id of [...(await registry.ids())].sort().reverse()) if (id !== active) return id;
  throw new ShortlistError('release_not_found', { release: 'a second one', dataset, known: active });
}

const documentOf = (name: string, release: string): object => ({
  apiVersion: 'shortlist.dev/v1alpha1',
  kind: 'Experiment',
  metadata: { name },
  spec: {
    description: 'A second release that draws its items by lot: it must be rolled back.',
    owner: 'make demo-experiment',
    layer: 'default',
    variants: [
      { name: 'control', weight: 0.9 },
      { name: 'treatment', weight: 0.1, release, parameters: BY_LOT },
    ],
    metrics: {
      success: ['revenue-per-user'],
      guardrails: [
        { metric: 'click-through-rate', margin: 0 },
        { metric: 'conversion-per-user', margin: 0.05 },
      ],
    },
  },
});
