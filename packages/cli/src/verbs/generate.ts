import type { Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import { DEFAULT_PARAMETERS } from '../generate/parameters.ts';
import { datasetPaths } from '../workspace/paths.ts';

interface Options {
  seed: string;
  items: string;
  users: string;
  events: string;
  days: string;
  until: string;
  dataset: string;
  out?: string;
  force?: boolean;
}

/** `shortlist generate`: a believable demo shop, the same bytes for the same parameters. */
export function register(program: Command, environment: Environment): void {
  const { seed, items, users, events, days, untilS } = DEFAULT_PARAMETERS;
  program
    .command('generate')
    .description('make a demo shop: items, events and shown slates, with known true preferences')
    .option('--seed <n>', 'equal seeds give equal bytes', String(seed))
    .option('--items <n>', 'size of the catalogue', String(items))
    .option('--users <n>', 'shoppers, of whom 70 % never sign in', String(users))
    .option('--events <n>', 'views, carts and purchases together', String(events))
    .option('--days <n>', 'length of the history', String(days))
    .option('--until <time>', 'end of the history, ISO-8601', new Date(untilS * 1000).toISOString())
    .option('--dataset <name>', 'write into the workspace as the source of this dataset', 'demo')
    .option('--out <dir>', 'write into this folder instead')
    .option('--force', 'make it again, whatever the folder holds')
    .action(async (options: Options) => {
      const { generateShop } = await import('../generate/shop-writer.ts');
      const { startProgress } = await import('../progress.ts');
      const folder = options.out ?? datasetPaths(environment.home, options.dataset).source;
      const progress = startProgress();
      const started = performance.now();
      try {
        const { description, reused } = await generateShop({
          parameters: {
            ...DEFAULT_PARAMETERS,
            seed: numberOption('seed', options.seed),
            items: numberOption('items', options.items),
            users: numberOption('users', options.users),
            events: numberOption('events', options.events),
            days: numberOption('days', options.days),
            untilS: timeOption('until', options.until),
          },
          folder,
          ...(options.force === undefined ? {} : { force: options.force }),
          onProgress: (what, done, total) => progress.update(what, done, total),
        });
        progress.stop();
        const { parameters, counts } = description;
        const share = (count: number): string => `${((100 * count) / parameters.events).toFixed(1)} %`;
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        process.stdout.write(
          `${reused ? 'unchanged' : `made in ${seconds} s`}: ${folder}\n` +
            `  ${parameters.items} items, ${parameters.users} shoppers (${counts.known_users} known), ${counts.visits} visits\n` +
            `  ${parameters.events} events: ${share(counts.views)} views, ${share(counts.carts)} carts, ` +
            `${share(counts.purchases)} purchases\n` +
            `  ${counts.slates} slates shown, with propensities\n`,
        );
      } finally {
        progress.stop();
      }
    });
}

function numberOption(field: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new ShortlistError('field_invalid', { field: `--${field}`, reason: `'${text}' is not a number` });
  }
  return value;
}

function timeOption(field: string, text: string): number {
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) {
    throw new ShortlistError('field_invalid', { field: `--${field}`, reason: `'${text}' is not an ISO-8601 time` });
  }
  return timeMs / 1000;
}
