import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Results } from '@shortlist/experiments/control/results.ts';
import type { Environment } from '../environment.ts';
import { ExperimentsClient, pathOf } from '../experiment/client.ts';
import { startProgress } from '../progress.ts';
import { Population } from '../simulate/population.ts';
import { BY_LOT } from '../simulate/presets.ts';
import type { Platform } from '../up/up.ts';
import type { Database } from '../workspace/database.ts';
import { openRegistry } from '../workspace/open-registry.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { differencesOf, recount, type ArmCount } from './recount.ts';
import { Visitors } from './visitors.ts';

export interface SplitOptions {
  readonly dataset: string;
  readonly users: number;
  /** The longest that shoppers visit, seconds. */
  readonly secondsMax: number;
  /** How long shoppers go on when every pod has obeyed, so that the effect is seen. */
  readonly afterMs: number;
  /** Decides who visits when. */
  readonly seed: number;
  /** Told what goes on. */
  readonly print: (line: string) => void;
  /** Has the experiment of this document run; by the service's API where it is absent. */
  readonly begin?: (document: SplitDocument) => Promise<void>;
}

/** An experiment as it is applied. */
export interface SplitDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

export interface Running {
  readonly platform: Platform;
  readonly database: Database;
  readonly stop: AbortSignal;
}

/** What became of the split. */
export interface SplitOutcome extends Watched {
  readonly results: Results;
  /** The same, counted from the raw rows. */
  readonly counts: readonly ArmCount[];
  /** Where the two are not the same. */
  readonly differences: readonly string[];
  readonly slates: number;
  readonly events: number;
  /** Slates of the experiment that were asked for when every pod had obeyed. */
  readonly late: number;
}

const POLL_MS = 50;
const DAY_S = 86_400;

/**
 * Splits the traffic of a running platform 90/10 between the active release and another one that draws by lot, lets
 * shoppers visit until the harm is found and every pod has obeyed, and counts the results again. Null: it was stopped.
 */
export async function splitTraffic(
  environment: Environment,
  options: SplitOptions,
  running: Running,
): Promise<SplitOutcome | null> {
  const { platform, database, stop } = running;
  const { dataset, users, secondsMax, afterMs, seed, print } = options;
  const client = new ExperimentsClient(platform.experimentsUrl);
  const name = `second-release-${Date.now().toString(36)}`;
  const second = await otherRelease(environment, dataset);
  await (options.begin ?? beginBy(client))(documentOf(name, second));
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
  const population = await Population.of(source, users, seed);
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
    const outcome = await watch(client, name, { platform, visitors, stop, failed, secondsMax, afterMs });
    await visitors.stop();
    if (stop.aborted) return null;
    const results = await settledResults(client, name);
    const counts = await recount(database.pool, name, 24);
    const late = visitors.seen.filter(
      ({ askedAtMs, experiments }) => askedAtMs > outcome.obeyedAtMs && experiments.includes(name),
    );
    return {
      ...{ ...outcome, results, counts, differences: differencesOf(results, counts) },
      ...{ slates: visitors.seen.length, events: visitors.events, late: late.length },
    };
  } finally {
    await visitors.stop().catch(() => undefined);
  }
}

const beginBy = (client: ExperimentsClient) => async (document: SplitDocument) => {
  await client.request('POST', '/documents', { body: document });
  await client.request('POST', pathOf(document.metadata.name, '/start'), { body: { reason: 'demonstration' } });
};

interface Watched {
  readonly isRolledBack: boolean;
  readonly foundAfterS: number;
  /** By pod: ms from the decision until its snapshot had nothing of the experiment. */
  readonly obeyedMs: readonly number[];
  readonly obeyedAtMs: number;
}

interface Watching {
  readonly platform: Platform;
  readonly visitors: Visitors;
  readonly stop: AbortSignal;
  readonly failed: Promise<Error | undefined>;
  readonly secondsMax: number;
  readonly afterMs: number;
}

async function watch(
  client: ExperimentsClient,
  name: string,
  { platform, visitors, stop, failed, secondsMax, afterMs }: Watching,
): Promise<Watched> {
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
  await sleep(afterMs);
  return { isRolledBack: true, foundAfterS, obeyedMs, obeyedAtMs };
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

const documentOf = (name: string, release: string): SplitDocument => ({
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
