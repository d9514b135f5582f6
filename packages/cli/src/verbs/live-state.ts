import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import type { Environment } from '../environment.ts';

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('not an integer above 0.');
  return count;
}

function parseSample(text: string): number {
  if (text === 'all') return Infinity;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError('`all`, or how many.');
  return count;
}

function parseTime(text: string): number {
  const timeS = Date.parse(text) / 1000;
  if (Number.isNaN(timeS)) throw new InvalidArgumentError('not an ISO-8601 time, e.g. 2011-11-09T00:00:00Z.');
  return timeS;
}

interface StateOptions {
  dataset: string;
  shards: number;
  events: number;
}

const withStateOptions = (command: Command): Command =>
  command
    .option('--dataset <name>', 'dataset', 'demo')
    .option('--shards <n>', 'how many shards the aggregator is configured with', parseCount, 1)
    .option('--events <n>', 'events per profile', parseCount, 100);

/** `shortlist rebuild`, `shortlist verify state`, `shortlist publish`: what is derived from the log. */
export function register(program: Command, environment: Environment): void {
  withStateOptions(program.command('rebuild'))
    .description('make counters, cached profiles or both anew from PostgreSQL')
    .addArgument(new Argument('<what>', 'what to rebuild').choices(['counters', 'profiles', 'all']))
    .option('--days <n>', 'profiles of those who were active so many days before the newest event', parseCount, 30)
    .option('--fresh', 'profiles: from the start, also when a rebuild was interrupted')
    .action(async (what: string, options: StateOptions & { days: number; fresh?: boolean }) => {
      const { rebuild } = await import('../live-state/commands.ts');
      await rebuild(environment, what, { ...options, fresh: options.fresh ?? false });
    });

  withStateOptions(program.command('verify'))
    .description('compare what is kept with what the log says, exactly; exit code 1 when anything differs')
    .addArgument(new Argument('<what>', 'what to verify').choices(['state']))
    .addOption(
      new Option('--profiles <n>', 'cached profiles to compare: all, or how many')
        .argParser(parseSample)
        .default(Infinity, 'all'),
    )
    .action(async (_what: string, options: StateOptions & { profiles: number }) => {
      const { verifyState } = await import('../live-state/commands.ts');
      await verifyState(environment, options);
    });

  program
    .command('publish')
    .description('publish lists that the aggregator otherwise makes by itself')
    .addArgument(new Argument('<what>', 'which lists').choices(['trending', 'co-visitation']))
    .option('--dataset <name>', 'dataset', 'demo')
    .option('--now <time>', 'as of this time (ISO 8601, UTC; default: now)', parseTime)
    .action(async (what: string, { dataset, now }: { dataset: string; now?: number }) => {
      const { publish } = await import('../live-state/commands.ts');
      await publish(environment, what, { dataset, nowS: now ?? Date.now() / 1000 });
    });
}
