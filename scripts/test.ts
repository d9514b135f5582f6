/**
 * Runs every check and test runner of the project and sums what they count into one last line:
 * `N passed, N failed, N skipped`. Each check (lint, types, ...) counts as one test. `--checks` runs only those.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const CHECKS: readonly [name: string, command: string, args: readonly string[]][] = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['types of the storefront', 'tsc', ['-p', 'packages/storefront/tsconfig.json']],
  ['lint', 'eslint', ['.', '--max-warnings', '0']],
  ['dependency directions', 'depcruise', ['packages', '--config', '.dependency-cruiser.cjs', '--output-type', 'err']],
  ['unused code', 'knip', []],
  ['Python lint', '.venv/bin/ruff', ['check', 'models']],
  ['Python format', '.venv/bin/ruff', ['format', '--check', 'models']],
];

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function checks(): Promise<Tally> {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, command, args] of CHECKS) {
    const started = Date.now();
    const ok = (await run(command, args)) === 0;
    tally[ok ? 'passed' : 'failed'] += 1;
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
  return tally;
}

async function vitest(folder: string): Promise<Tally> {
  const file = join(folder, 'vitest.json');
  const code = await run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(file, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
  };
  // A suite that could not be loaded fails no test; the exit code still says so.
  const failed = Math.max(report.numFailedTests, code === 0 ? 0 : 1);
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}

async function pytest(folder: string): Promise<Tally> {
  const file = join(folder, 'pytest.xml');
  const code = await run('.venv/bin/python', ['-m', 'pytest', '-q', '-rs', `--junitxml=${file}`, 'models'], {
    PYTHONPATH: 'models',
  });
  const suite = existsSync(file) ? /<testsuite [^>]*>/.exec(readFileSync(file, 'utf8'))?.[0] : undefined;
  if (suite === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = Math.max(count('failures') + count('errors'), code === 0 ? 0 : 1);
  return {
    passed: count('tests') - count('failures') - count('errors') - count('skipped'),
    failed,
    skipped: count('skipped'),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'shortlist-test-'));
const tallies = [await checks()];
if (!process.argv.includes('--checks')) tallies.push(await vitest(folder), await pytest(folder));
rmSync(folder, { recursive: true });

const sum = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
