import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BEGINS } from './k6/begins.ts';
import type { Generator, Result } from './report/result.ts';
import type { Load } from './scenarios/scenario.ts';
import { cpuSecondsOf } from './stack/pod-watch.ts';
import { CouldNotRun } from './could-not-run.ts';

/** k6 ends with it when a threshold is crossed; with others when it could not do its work. */
const THRESHOLDS_CROSSED = 99;
const LOOK_EVERY_MS = 250;

export interface RunK6 {
  /** The program. */
  readonly k6: string;
  readonly scenario: string;
  readonly target: string;
  readonly load: Load;
  readonly p99Ms: number;
  /** File of `drawTraffic`. */
  readonly traffic: string;
  /** Folder for result.json and report.html. */
  readonly out: string;
  /** Core that it has to itself; absent: all. */
  readonly core?: number;
}

/**
 * Runs a scenario; `begins` is called when the first request is about to be due.
 * @throws CouldNotRun unless k6 came to a verdict
 */
export async function runK6(
  run: RunK6,
  stop: AbortSignal,
  begins: () => void,
): Promise<{ result: Result; generator: Generator }> {
  const variables = {
    SCENARIO: run.scenario,
    TARGET: run.target,
    RATE: String(run.load.rate),
    DURATION: String(run.load.seconds),
    SWAPS: String(run.load.swaps),
    P99_MS: String(run.p99Ms),
    TRAFFIC: run.traffic,
    OUT: run.out,
    QUIET: '1',
  };
  const file = join(run.out, 'result.json');
  // One of an earlier run must not pass for ours.
  rmSync(file, { force: true });
  const script = join(import.meta.dirname, 'k6/run.ts');
  const options = ['--no-usage-report', '--log-format', 'raw', '--address', '', '--quiet'];
  const args = [
    'run',
    ...options,
    ...Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    script,
  ];
  const pinned = run.core === undefined ? [run.k6, ...args] : ['taskset', '-c', String(run.core), run.k6, ...args];
  const child = spawn(pinned[0]!, pinned.slice(1), {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const startFailed = once(child, 'error').then(([error]) => error as Error);
  let [cpuS, startedMs] = [0, performance.now()];
  const looking = setInterval(
    () => (cpuS = (child.pid === undefined ? undefined : cpuSecondsOf(child.pid)) ?? cpuS),
    LOOK_EVERY_MS,
  );
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!line.includes(BEGINS)) process.stderr.write(`k6: ${line}\n`);
    else {
      startedMs = performance.now();
      begins();
    }
  });
  const interrupt = () => child.kill('SIGINT');
  stop.addEventListener('abort', interrupt);
  const code = await Promise.race([startFailed, once(child, 'close').then(([code]) => code as number | null)]);
  stop.removeEventListener('abort', interrupt);
  clearInterval(looking);
  if (code instanceof Error) throw new CouldNotRun(`${run.k6} does not start: ${code.message}`);
  if (stop.aborted) throw new CouldNotRun('it was stopped');
  if (code !== 0 && code !== THRESHOLDS_CROSSED) throw new CouldNotRun(`k6 ended with ${code}; what it said is above`);
  const seconds = (performance.now() - startedMs) / 1000;
  if (!existsSync(file)) throw new CouldNotRun('k6 wrote no result; what it said is above');
  const result = JSON.parse(readFileSync(file, 'utf8')) as Result;
  const cores = run.core === undefined ? availableParallelism() : 1;
  return { result, generator: { program: 'k6', cpuS, cpuShare: cpuS / seconds / cores } };
}
