import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

export interface BenchResult {
  /** Dotted: what, then on how much, then the quantity. */
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly repeats: number;
}

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

/** Prints a table, and writes the JSON report to the file after `--json` when there is one. */
export function report(results: readonly BenchResult[], args: readonly string[] = process.argv): void {
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}`;
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' });
  console.log(`${machine}, commit ${commit.trim()}`);
  for (const { name, unit, median, min, max, repeats } of results) {
    const spread = `${min.toPrecision(4)} .. ${max.toPrecision(4)}`;
    console.log(`${name.padEnd(48)} ${median.toPrecision(4).padStart(9)} ${unit.padEnd(6)} (${spread}; ${repeats} x)`);
  }
  const json = args[args.indexOf('--json') + 1];
  if (args.includes('--json') && json !== undefined)
    writeFileSync(json, `${JSON.stringify({ machine, commit: commit.trim(), results }, null, 1)}\n`);
}
