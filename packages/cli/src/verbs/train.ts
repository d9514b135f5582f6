import { InvalidArgumentError, type Command } from 'commander';
import type { Environment } from '../environment.ts';

interface Options {
  dataset: string;
  trainUntil?: number;
  seed: number;
  fresh?: boolean;
  activate: boolean;
}

function parseTime(text: string): number {
  const timeS = Date.parse(text) / 1000;
  if (Number.isNaN(timeS))
    throw new InvalidArgumentError('not an ISO-8601 time, e.g. 2011-11-09 or 2011-11-09T00:00:00Z.');
  return timeS;
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0x7fffffff) throw new InvalidArgumentError('not an integer >= 0.');
  return seed;
}

/** `shortlist train`: from the event log to a release that serves. */
export function register(program: Command, environment: Environment): void {
  program
    .command('train')
    .description('fit sources and ranker on the event log and make a release of them; interrupted, it goes on')
    .option('--dataset <name>', 'dataset', 'demo')
    .option('--train-until <time>', 'use no event from this time on (ISO 8601, UTC; default: all)', parseTime)
    .option('--seed <n>', 'decides everything random', parseSeed, 1)
    .option('--fresh', 'do finished steps again')
    .option('--no-activate', 'make the release, but leave the one that serves')
    .action(async (options: Options) => {
      const { trainRelease } = await import('../train/train-release.ts');
      const { trainUntil, ...rest } = options;
      const log = (line: string) => void process.stderr.write(`${line}\n`);
      const { id, dir } = await trainRelease(environment, {
        ...rest,
        fresh: options.fresh ?? false,
        ...(trainUntil === undefined ? {} : { untilS: trainUntil }),
        log,
      });
      process.stdout.write(`${id} ${dir}\n`);
    });
}
