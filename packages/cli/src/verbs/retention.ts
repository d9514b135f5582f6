import { InvalidArgumentError, type Command } from 'commander';
import type { Environment } from '../environment.ts';

/** A whole number of days within bounds. */
const daysFrom = (min: number, max: number) => (text: string) => {
  const days = Number(text);
  if (!Number.isInteger(days) || days < min || days > max)
    throw new InvalidArgumentError(`not a whole number from ${min} to ${max}.`);
  return days;
};

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** `shortlist partitions` and `shortlist retention`: the event log's days, for people and CronJobs. */
export function register(program: Command, environment: Environment): void {
  program
    .command('partitions')
    .description(
      "make the event log's partitions ahead of time (ingest makes a missing one itself, while somebody waits)",
    )
    .option('--dataset <name>', 'dataset', 'demo')
    .option('--ahead <days>', 'days from today on that are to have one', daysFrom(0, 366), 7)
    .option('--list', 'also list all of them with their sizes')
    .action(async ({ dataset, ahead, list = false }: { dataset: string; ahead: number; list?: boolean }) => {
      const { makePartitions, listPartitions } = await import('../retention/partitions.ts');
      const { made, until } = await makePartitions(environment, dataset, ahead);
      say(`${dataset}: made ${made}, there until ${until}`);
      if (list) for (const line of await listPartitions(environment, dataset)) say(line);
    });
  program
    .command('retention')
    .description('drop old days of events and slates, and what the log keeps for consumers that have passed it')
    .option('--dataset <name>', 'dataset', 'demo')
    .option(
      '--days <n>',
      'days to keep. Ingest takes events that are up to 400 days old: with fewer, one that is sent again after its day ' +
        'was dropped counts anew until the next run',
      daysFrom(1, 36_500),
      400,
    )
    .option('--log-days <n>', 'days to keep batches of the log that every consumer has passed', daysFrom(1, 36_500), 7)
    .option('--rejected-days <n>', 'days to keep rejected events', daysFrom(1, 36_500), 30)
    .option('--dry-run', 'only say which days would go')
    .action(
      async (options: { dataset: string; days: number; logDays: number; rejectedDays: number; dryRun?: boolean }) => {
        const { runRetention } = await import('../retention/run-retention.ts');
        const { startProgress } = await import('../progress.ts');
        const progress = startProgress();
        try {
          const report = await runRetention(environment, { ...options, dryRun: options.dryRun ?? false, progress });
          for (const line of report) say(line);
        } finally {
          progress.stop();
        }
      },
    );
}
