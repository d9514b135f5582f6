import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');

/** Suites by name: each is a program of its own, so that what one leaves in memory does not slow the next. */
const SUITES: Readonly<Record<string, string>> = {
  serving: 'packages/serving/bench/stages.bench.ts',
  retrieval: 'packages/core/bench/retrieval-sources.ts',
  import: 'packages/cli/bench/import.ts',
};

/** `shortlist bench`: runs one suite, prints its table and writes its JSON. */
export function register(program: Command): void {
  program
    .command('bench')
    .description('measure: prints machine, commit, median and spread, and writes them as JSON')
    .addOption(new Option('--suite <suite>', 'what to measure').choices(Object.keys(SUITES)).default('serving'))
    .option('--json <file>', 'write the results here too')
    .action(async ({ suite, json }: { suite: string; json?: string }) => {
      const script = resolve(REPOSITORY, SUITES[suite]!);
      const args = ['--disable-warning=ExperimentalWarning', script];
      if (json !== undefined) args.push('--json', resolve(json));
      process.exitCode = await new Promise<number>((done, fail) => {
        const child = spawn(process.execPath, args, { stdio: 'inherit' });
        child.once('error', fail);
        child.once('exit', (code) => done(code ?? 1));
      });
    });
}
