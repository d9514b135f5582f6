import type { Command } from 'commander';
import type { Environment } from '../environment.ts';

interface FilterOptions {
  dataset: string;
  stage?: string;
  code?: string;
}

const filterOf = ({ stage, code }: FilterOptions) => ({
  ...(stage === undefined ? {} : { stage }),
  ...(code === undefined ? {} : { code }),
});

/** `shortlist events rejected list|replay`. */
export function register(program: Command, environment: Environment): void {
  const rejected = program
    .command('events')
    .description('events that came in over HTTP')
    .command('rejected')
    .description('those that could not be taken; each is kept with stage and reason');
  const filtered = (command: Command) =>
    command
      .option('--dataset <name>', 'which shop', 'demo')
      .option('--stage <stage>', 'only those that fell out there: parse, validate, time, store')
      .option('--code <code>', 'only those with this error code');

  filtered(rejected.command('list'))
    .description('Prints them as lines of JSON, oldest first: to look at, or to mend for `replay --file`.')
    .option('--max <count>', 'at most so many', '100')
    .option('--replayed', 'those that were taken later as well')
    .action(async (options: FilterOptions & { max: string; replayed?: boolean }) => {
      const { listRejected } = await import('../events/commands.ts');
      await listRejected(environment, options.dataset, {
        filter: { ...filterOf(options), replayed: options.replayed === true },
        max: options.max,
      });
    });

  filtered(rejected.command('replay'))
    .description('Takes them again after a fix, in the service or in the payloads. Safe to run twice.')
    .option('--file <path>', 'lines as `list` prints them, with mended payloads: only these are taken')
    .option('--event-types <list>', 'custom types as the service is configured with, e.g. share=2', '')
    .action(async (options: FilterOptions & { file?: string; eventTypes: string }) => {
      const { replay } = await import('../events/commands.ts');
      await replay(environment, options.dataset, {
        filter: filterOf(options),
        eventTypes: options.eventTypes,
        ...(options.file === undefined ? {} : { file: options.file }),
      });
    });
}
