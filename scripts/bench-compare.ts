/**
 * Runs a benchmark suite of two revisions in turns and says which figures changed beyond the noise:
 *
 *   make bench-compare A=main B=HEAD [SUITE=stages] [ROUNDS=8] [ARGS='--items 1000 --repeats 5']
 *
 * Each revision gets a checkout of its own and runs its own benchmark; rounds go A B, B A, ... so that what changes slowly
 * (heat, neighbours) hits both alike. Ends with 1 when a figure got worse. `--json FILE` keeps the comparison.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BenchReport } from '../packages/core/bench/report.ts';
import { checkOut, removeCheckout } from './bench-compare/checkout.ts';
import { compareRounds } from './bench-compare/verdict.ts';

const repository = resolve(import.meta.dirname, '..');
const option = (name: string, initial?: string): string => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? initial : process.argv[at + 1];
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
};
const revisions = { a: option('a'), b: option('b') };
const rounds = Number(option('rounds', '8'));
const suiteFile = option('file');
const suiteArguments = option('args', '').split(' ').filter(Boolean);
const tolerance = Number(option('tolerance', '0.02'));

type Side = keyof typeof revisions;
const folder = mkdtempSync(join(tmpdir(), 'bench-compare-'));
const checkouts = { a: join(folder, 'a'), b: join(folder, 'b') };
const values = new Map<string, { unit: string; a: number[]; b: number[] }>();

function runOnce(side: Side): void {
  const json = join(folder, 'report.json');
  const node = ['--expose-gc', '--disable-warning=ExperimentalWarning'];
  execFileSync(process.execPath, [...node, join(checkouts[side], suiteFile), ...suiteArguments, '--json', json], {
    cwd: checkouts[side],
    stdio: ['ignore', 'ignore', 'inherit'],
    // What a suite makes once and keeps is the same for both.
    env: {
      ...process.env,
      SHORTLIST_BENCH_CACHE: process.env.SHORTLIST_BENCH_CACHE ?? join(repository, '.shortlist/bench'),
    },
  });
  for (const { name, unit, median } of (JSON.parse(readFileSync(json, 'utf8')) as BenchReport).results) {
    const known = values.get(name) ?? { unit, a: [], b: [] };
    values.set(name, known);
    known[side].push(median);
  }
}

let isWorse = false;
try {
  for (const side of ['a', 'b'] as const) checkOut(repository, revisions[side], checkouts[side]);
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const)) runOnce(side);
    console.error(`round ${round + 1} of ${rounds}`);
  }
  const rows = [...values].map(([name, { unit, a, b }]) => {
    // A figure that only one of them has cannot be compared.
    if (a.length !== rounds || b.length !== rounds) return { name, unit, a, b, comparison: null };
    return { name, unit, a, b, comparison: compareRounds(a, b, { unit, tolerance }) };
  });
  for (const { name, comparison } of rows) {
    if (comparison === null) {
      console.log(`${name.padEnd(48)} only in one revision`);
      continue;
    }
    const { ratio, low, high, verdict } = comparison;
    isWorse ||= verdict === 'worse';
    console.log(`${name.padEnd(48)} B/A ${ratio.toFixed(3)} (${low.toFixed(3)} .. ${high.toFixed(3)}) ${verdict}`);
  }
  const json = option('json', '');
  if (json !== '') writeFileSync(json, `${JSON.stringify({ revisions, rounds, tolerance, rows }, null, 1)}\n`);
} finally {
  for (const side of ['a', 'b'] as const) removeCheckout(repository, checkouts[side]);
  rmSync(folder, { recursive: true, force: true });
}
if (isWorse) process.exitCode = 1;
