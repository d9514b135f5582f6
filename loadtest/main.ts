/**
 * `make loadtest`: runs a scenario with all that belongs around it (see arguments.ts): a platform of its own unless there is a
 * target, traffic drawn from the data's users, faults at their times, a look at the pod, a second tool that confirms the
 * figures, and one report of it all.
 *
 * Exit code: 0 every promise kept; 99 a promise broken, or k6's figures not confirmed; 2 it could not run, so there is
 * no verdict.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { readEnvironment, type Environment } from '../packages/cli/src/environment.ts';
import { gitCommit } from '../packages/cli/src/train/git-commit.ts';
import { stopSignal } from '../packages/cli/src/up/stop-signal.ts';
import { openDatabase, withDatabase } from '../packages/cli/src/workspace/database.ts';
import { readArguments, type Arguments } from './arguments.ts';
import { confirm } from './checker/confirm.ts';
import { CouldNotRun } from './could-not-run.ts';
import { renderHtml } from './report/html.ts';
import type { Result } from './report/result.ts';
import { renderText } from './report/text.ts';
import { runK6 } from './run-k6.ts';
import { planOf, secondsOf, startOf } from './scenarios/scenario.ts';
import { runFaults, type Faults } from './stack/faults.ts';
import { withOwnStack } from './stack/own-stack.ts';
import { PodWatch } from './stack/pod-watch.ts';
import { drawTraffic, type Traffic } from './traffic/draw.ts';
import { shopFacts, usersFromText, type ShopFacts } from './traffic/shop-facts.ts';

const PROMISE_BROKEN = 99;
const COULD_NOT_RUN = 2;
/** Drawn beforehand; a longer test begins again from the first. */
const REQUESTS = 50_000;
const SERVERS_CORE = 0;
const GENERATOR_CORE = 1;

const repository = resolve(import.meta.dirname, '..');
const log = (line: string) => void process.stderr.write(`${line}\n`);

async function run(args: Arguments, stop: AbortSignal): Promise<Result> {
  if (args.pin) {
    // All that is started from here on inherits it; the generator is put elsewhere.
    const { status } = spawnSync('taskset', ['-acp', String(SERVERS_CORE), String(process.pid)], { stdio: 'ignore' });
    if (status !== 0) throw new CouldNotRun('--pin needs taskset (util-linux) and two cores');
  }
  if (args.target !== undefined) {
    const environment = readEnvironment(process.env);
    return measure(args, { target: args.target, facts: await factsFor(args, environment) }, stop);
  }
  // The verbs that make it are processes of their own, and read the variable.
  process.env.SHORTLIST_HOME = process.env.SHORTLIST_LOADTEST_HOME ?? join(repository, '.shortlist/loadtest');
  const environment = readEnvironment(process.env);
  const releases = args.scenario.name === 'reload' ? 2 : 1;
  let result: Result | undefined;
  await withOwnStack(environment, { dataset: args.dataset, releases, log }, stop, async ({ podUrl }, registry) => {
    const database = await openDatabase(environment, args.dataset);
    const facts = await shopFacts(database.pool, args.dataset).finally(() => database.close());
    result = await measure(args, { target: podUrl, facts, faults: { environment, registry, podUrl } }, stop);
  });
  if (result === undefined) throw new CouldNotRun('it was stopped');
  return result;
}

/** Users of a target that is there already: of a file, or of the workspace's dataset of the same name. */
async function factsFor({ users, dataset }: Arguments, environment: Environment): Promise<ShopFacts> {
  if (users !== undefined) return usersFromText(readFileSync(users, 'utf8'), users);
  try {
    return await withDatabase(environment, dataset, ({ pool }) => shopFacts(pool, dataset));
  } catch (error) {
    if (!(error instanceof ShortlistError)) throw error;
    throw new CouldNotRun(
      `the users of '${dataset}' cannot be read (${error.message}) Name a file of users: USERS=FILE.`,
    );
  }
}

interface Measured {
  readonly target: string;
  readonly facts: ShopFacts;
  /** Where the platform is ours to break. */
  readonly faults?: Faults;
}

async function measure(args: Arguments, { target, facts, faults }: Measured, stop: AbortSignal): Promise<Result> {
  const { scenario, load } = args;
  const out = resolve(
    args.out ?? join(repository, 'bench-results/loadtest', `${scenario.name}-${stampOf(new Date())}`),
  );
  mkdirSync(out, { recursive: true });
  const traffic = drawTraffic(facts, REQUESTS, args.seed);
  const trafficFile = writeTraffic(out, traffic);
  const watch = await PodWatch.open(target).catch((error: unknown) => {
    throw new CouldNotRun(`nobody answers at ${target}/status: ${String((error as Error).cause ?? error)}`);
  });
  const phases = planOf(scenario, load);
  log(`${scenario.name} on ${target}: ${secondsOf(phases).toFixed(0)} s`);
  const ended = new AbortController();
  let breaking: ReturnType<typeof runFaults> = Promise.resolve([]);
  const core = args.pin ? { core: GENERATOR_CORE } : {};
  const k6Run = {
    k6: args.k6,
    scenario: scenario.name,
    target,
    load,
    p99Ms: args.p99Ms,
    traffic: trafficFile,
    out,
    ...core,
  };
  const found = await runK6(k6Run, stop, () => {
    const startedMs = performance.now();
    watch.start(startedMs);
    if (faults !== undefined) breaking = runFaults(scenario.faults?.(load) ?? [], faults, startedMs, ended.signal);
  }).finally(() => ended.abort());
  const done = await breaking;
  const judged = phases.filter(({ judged }) => judged);
  const pod = await watch.close(startOf(phases, judged[0]!.name), secondsOf(phases));
  const comparison =
    args.checker === undefined
      ? undefined
      : await confirm({ ...args, checker: args.checker }, { target, traffic, trafficFile, out, ...core }, stop);
  const result: Result = withPromisesOfFaults({
    ...found.result,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores${args.pin ? ', servers on one, generator on the other' : ''}`,
    commit: await gitCommit(repository),
    command: commandOf(args),
    traffic: traffic.description,
    pod,
    generator: found.generator,
    ...(done.length > 0 ? { faults: done } : {}),
    ...(comparison === undefined ? {} : { comparison }),
  });
  writeFileSync(join(out, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(join(out, 'report.html'), renderHtml(result));
  process.stdout.write(`${renderText(result)}\nreport: ${join(out, 'report.html')}\n`);
  return result;
}

/** A fault that did not work tested nothing, and figures that another tool does not find are none. */
function withPromisesOfFaults(result: Result): Result {
  const extra = [
    ...(result.faults === undefined
      ? []
      : [
          {
            what: 'every fault had its effect',
            measured: result.faults.filter(({ tookS }) => tookS !== null).length,
            unit: 'count' as const,
            kept: result.faults.every(({ tookS }) => tookS !== null),
          },
        ]),
    ...(result.comparison === undefined
      ? []
      : [
          {
            what: 'another tool does not contradict (p99, the other over k6)',
            measured: null,
            unit: 'count' as const,
            kept: result.comparison.verdict !== 'disagree',
          },
        ]),
  ];
  const promises = [...result.promises, ...extra];
  return { ...result, promises, passed: promises.every(({ kept }) => kept) };
}

function writeTraffic(out: string, traffic: Traffic): string {
  const file = join(out, 'traffic.json');
  writeFileSync(file, JSON.stringify(traffic));
  return file;
}

const stampOf = (time: Date): string => time.toISOString().replace(/[-:]/g, '').replace(/\..*/, '');

function commandOf({ scenario, load, target, rounds, pin, checker }: Arguments): string {
  const parts = [`SCENARIO=${scenario.name}`, `RATE=${load.rate}`, `DURATION=${load.seconds}`];
  if (target !== undefined) parts.push(`TARGET=${target}`);
  if (pin) parts.push('PIN=1');
  if (checker !== undefined) parts.push(`CHECK=${rounds}`);
  return `make loadtest ${parts.join(' ')}`;
}

try {
  const result = await run(readArguments(process.argv.slice(2)), stopSignal());
  process.exitCode = result.passed ? 0 : PROMISE_BROKEN;
} catch (error) {
  const isTold = error instanceof CouldNotRun || error instanceof ShortlistError;
  log(
    `loadtest: COULD NOT RUN: ${isTold ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  process.exitCode = COULD_NOT_RUN;
}
