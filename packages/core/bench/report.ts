import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { resolve } from 'node:path';

export interface BenchResult {
  /** Dotted: what, then on how much, then the quantity. */
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly repeats: number;
}

/** What `--json` writes. */
export interface BenchReport {
  readonly machine: string;
  readonly commit: string;
  /** Files that differed from the commit. */
  readonly changed: number;
  readonly date: string;
  /** Options that the suite was called with. */
  readonly options: readonly string[];
  readonly results: readonly BenchResult[];
}

const REPOSITORY = resolve(import.meta.dirname, '../../..');
/** One line for every run with `--history`: what was measured when, on what, of which commit. */
const HISTORY = 'docs/bench-history.jsonl';
/** Options that say where a report goes and not what was measured. */
const OUTPUT_OPTIONS = ['--json', '--keep-log'];

/** Spread of repeated measurements of one quantity. */
export function summarised(name: string, unit: string, values: readonly number[]): BenchResult {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    name,
    unit,
    median: sorted[sorted.length >> 1]!,
    min: sorted[0]!,
    max: sorted[sorted.length - 1]!,
    repeats: sorted.length,
  };
}

/**
 * CPU time of alternatives, interleaved: `repeats` rounds in which each does `calls` calls; a value is the mean of one
 * round in microseconds, so that a busy machine lengthens it only through its caches. Two rounds go before, for the
 * compiler.
 */
export function interleaved(
  alternatives: Readonly<Record<string, (call: number) => void>>,
  rounds: { readonly repeats: number; readonly calls: number },
): BenchResult[] {
  const times = new Map(Object.keys(alternatives).map((name) => [name, [] as number[]]));
  for (let round = -2; round < rounds.repeats; round++)
    for (const [name, work] of Object.entries(alternatives)) {
      const before = process.cpuUsage();
      for (let call = 0; call < rounds.calls; call++) work(call);
      const { user, system } = process.cpuUsage(before);
      const meanUs = (user + system) / rounds.calls;
      if (round >= 0) times.get(name)!.push(meanUs);
    }
  return [...times].map(([name, values]) => summarised(name, 'cpu_us', values));
}

/**
 * Prints a table; writes the report to the file after `--json` when there is one, and a line of it to the history with
 * `--history`.
 */
export function report(results: readonly BenchResult[], args: readonly string[] = process.argv): void {
  const git = (...command: string[]) => execFileSync('git', command, { cwd: REPOSITORY, encoding: 'utf8' }).trim();
  const about: BenchReport = {
    machine: machine(),
    commit: git('rev-parse', '--short', 'HEAD'),
    changed: git('status', '--porcelain').split('\n').filter(Boolean).length,
    date: new Date().toISOString(),
    options: optionsOf(args),
    results,
  };
  console.log(
    `${about.machine}, commit ${about.commit}${about.changed > 0 ? ` and ${about.changed} changed files` : ''}`,
  );
  for (const { name, unit, median, min, max, repeats } of results) {
    const spread = `${min.toPrecision(4)} .. ${max.toPrecision(4)}`;
    console.log(`${name.padEnd(48)} ${median.toPrecision(4).padStart(9)} ${unit.padEnd(6)} (${spread}; ${repeats} x)`);
  }
  const json = args[args.indexOf('--json') + 1];
  if (args.includes('--json') && json !== undefined) writeFileSync(json, `${JSON.stringify(about, null, 1)}\n`);
  if (args.includes('--history')) appendFileSync(resolve(REPOSITORY, HISTORY), `${JSON.stringify(shortened(about))}\n`);
}

function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const cores = cpus();
  return `${cores[0]?.model.trim() ?? 'unknown'}, ${cores.length} cores, ${memory} GiB, Linux ${release()}, Node ${process.version}`;
}

/** Without the program, and without where the report goes. */
function optionsOf(args: readonly string[]): readonly string[] {
  const given = args.slice(2).filter((word) => word !== '--history');
  return given.filter((word, at) => !OUTPUT_OPTIONS.includes(word) && !OUTPUT_OPTIONS.includes(given[at - 1] ?? ''));
}

/** Median, least, most and number by name: a line a person can still read. */
function shortened({ results, ...about }: BenchReport): object {
  const digits = (value: number) => Number(value.toPrecision(4));
  const figures = results.map(({ name, median, min, max, repeats, unit }) => {
    return [name, [digits(median), digits(min), digits(max), repeats, unit]] as const;
  });
  return { ...about, results: Object.fromEntries(figures) };
}
