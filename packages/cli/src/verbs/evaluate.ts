import { access, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { EVALUATION_MODES, type EvaluationMode } from '@shortlist/core/contracts/evaluation.ts';
import type { Environment } from '../environment.ts';
import { LABELS, type Label } from '../evaluate/unit.ts';

interface Options {
  dataset: string;
  mode: EvaluationMode;
  trainUntil?: string;
  testUntil?: string;
  label?: Label;
  splitFile?: string;
  json?: string;
  seed: string;
}

/** `shortlist evaluate`: what the served stages would have shown, against what happened. */
export function register(program: Command, environment: Environment): void {
  program
    .command('evaluate')
    .description('train before a split, serve after it, and score the slates beside sources and baselines')
    .option('--dataset <name>', 'dataset; gowalla is read from SHORTLIST_DATA, retrieval only', 'demo')
    .addOption(new Option('--mode <mode>', 'count repeats or not').choices(EVALUATION_MODES).default('all'))
    .option('--train-until <time>', 'end of training, ISO-8601 (default: the protocol of the dataset)')
    .option('--test-until <time>', 'end of the test period, ISO-8601 (default: the last event)')
    .addOption(new Option('--label <label>', 'what is relevant').choices(Object.keys(LABELS)))
    .option('--split-file <csv>', 'relevant items (user,item) in place of a test period')
    .option('--seed <n>', 'seed of the training', '1')
    .option('--json <file>', 'write the report here too')
    .action(async ({ json, seed, ...options }: Options) => {
      // A typo must not cost a training.
      if (json !== undefined) await checkWritable(json);
      if (!/^\d{1,9}$/.test(seed))
        throw new ShortlistError('field_invalid', { field: '--seed', reason: 'use a whole number of up to 9 digits' });
      const { evaluate } = await import('../evaluate/evaluate.ts');
      const { formatReport } = await import('../evaluate/report.ts');
      const { writeWhole } = await import('../train/arrow-file.ts');
      const log = (line: string) => void process.stderr.write(`${line}\n`);
      const report = await evaluate(environment, { ...options, seed: Number(seed), log });
      process.stdout.write(formatReport(report));
      if (json !== undefined) await writeWhole(json, `${JSON.stringify(report, null, 1)}\n`);
    });
}

/** Errors: `output_unwritable` unless `file` can be made or replaced. */
async function checkWritable(file: string): Promise<void> {
  const refuse = (reason: string) => new ShortlistError('output_unwritable', { what: file, reason });
  const folder = dirname(resolve(file));
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    throw refuse(`${folder}: ${(error as NodeJS.ErrnoException).code ?? 'no access'}`);
  }
  if (!(await stat(folder)).isDirectory()) throw refuse(`${folder} is no folder`);
  const found = await stat(file).catch(() => null);
  if (found?.isDirectory()) throw refuse('it is a folder');
}
