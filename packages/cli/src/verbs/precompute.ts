import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Environment } from '../environment.ts';

function count(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < from || value > to)
      throw new InvalidArgumentError(`not an integer from ${from} to ${to}.`);
    return value;
  };
}

interface Options {
  dataset: string;
  out: string;
  format: 'jsonl' | 'parquet';
  k: number;
  days: number;
  ttl: number;
  redis: boolean;
}

/** `shortlist precompute`: slates of many users, for e-mail and push. */
export function register(program: Command, environment: Environment): void {
  program
    .command('precompute')
    .description('rank many users with the active release, through the served stages, into a file and Redis; resumable')
    .requiredOption('--out <file>', 'file to write')
    .addOption(new Option('--format <format>', 'form of the file').choices(['jsonl', 'parquet']).default('jsonl'))
    .option('--dataset <name>', 'dataset', 'demo')
    .option('-k <n>', 'items per user', count(1, 100), 20)
    .option('--days <n>', 'users who were active so many days before the newest event', count(1, 36_500), 90)
    .option('--ttl <seconds>', 'how long `recommendations:user:<id>` stays in Redis', count(1, 2_592_000), 3_600)
    .option('--no-redis', 'only the file')
    .action(async ({ k, ttl, ...options }: Options) => {
      const { runPrecompute } = await import('../precompute/command.ts');
      await runPrecompute(environment, { ...options, slots: k, ttlS: ttl });
    });
}
