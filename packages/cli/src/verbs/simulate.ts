import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import type { Preset } from '../simulate/presets.ts';
import { upOptions, withPorts, type PortOptions } from './up.ts';

interface SimulateArguments {
  readonly file?: string;
  readonly preset: Preset;
  readonly dataset: string;
  readonly users: string;
  readonly visits: string;
  readonly days: string;
  readonly treatment: string;
  readonly looks: string;
  readonly unitsMin: string;
  readonly seed: string;
  readonly json?: boolean;
}

const PRESET_NAMES = ['aa', 'better', 'harm'];

/** `shortlist experiment simulate` and `demo`: need no service; the demo shop's shoppers have true preferences. */
export function registerSimulations(experiment: Command, environment: Environment): void {
  experiment
    .command('simulate')
    .description("Runs an experiment on the demo shop's true preferences, in virtual time: weeks in minutes.")
    .option('-f, --file <path>', 'YAML of the experiment; a preset when absent')
    .addOption(new Option('--preset <name>', 'what the arms are').choices(PRESET_NAMES).default('harm'))
    .option('--dataset <name>', 'a shop of `shortlist generate` with an active release', 'demo')
    .option('--users <n>', 'shoppers', '2000')
    .option('--visits <n>', 'visits of all of them', '20000')
    .option('--days <n>', 'virtual days; it ends before when it is decided', '14')
    .option('--treatment <share>', "preset: the treatment's share", '0.5')
    .option('--looks <n>', 'preset: planned looks', '1')
    .option('--units-min <n>', 'preset: units per variant before it may be promoted', '10000')
    .option('--seed <n>', 'of the visits', '1')
    .option('--json', 'as JSON')
    .action(async (options: SimulateArguments) => {
      const { simulate } = await import('../simulate/simulate.ts');
      const { simulationReport } = await import('../simulate/report.ts');
      const { startProgress } = await import('../progress.ts');
      const simulation = await simulate(environment, {
        dataset: options.dataset,
        documents: await documentsOf(options),
        users: whole('users', options.users),
        visits: whole('visits', options.visits),
        days: whole('days', options.days),
        seed: whole('seed', options.seed, 0),
        progress: startProgress(),
      });
      const text = options.json === true ? `${JSON.stringify(simulation, null, 2)}\n` : simulationReport(simulation);
      process.stdout.write(text);
    });
  withPorts(
    experiment
      .command('demo')
      .description('A harmful split of two releases over real servers: found, rolled back, obeyed, and counted again.'),
    'demo-experiment',
  )
    .option('--users <n>', 'shoppers', '1500')
    .option('--seconds <n>', 'the longest that they visit', '300')
    .action(async (options: PortOptions & { readonly users: string; readonly seconds: string }) => {
      const { demoExperiment } = await import('../demo-experiment/demo-experiment.ts');
      await demoExperiment(environment, {
        ...upOptions(options),
        users: whole('users', options.users),
        secondsMax: whole('seconds', options.seconds),
      });
    });
}

async function documentsOf({ file, preset, treatment, looks, unitsMin }: SimulateArguments) {
  if (file !== undefined) {
    const { readDocuments } = await import('@shortlist/experiments/documents/read-documents.ts');
    const text = await readFile(file, 'utf8').catch((cause: Error) => {
      throw new ShortlistError('field_invalid', { field: '--file', reason: cause.message }, { cause });
    });
    return readDocuments(text);
  }
  const { presetDocument } = await import('../simulate/presets.ts');
  const share = Number(treatment);
  if (!(share > 0 && share < 1))
    throw new ShortlistError('field_invalid', {
      field: '--treatment',
      reason: `'${treatment}' is not between 0 and 1`,
    });
  return [
    presetDocument(preset, {
      treatment: share,
      looks: whole('looks', looks),
      unitsMin: whole('units-min', unitsMin),
    }),
  ];
}

function whole(option: string, text: string, min = 1): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min) return value;
  const reason = `'${text}' is no whole number from ${min} on`;
  throw new ShortlistError('field_invalid', { field: `--${option}`, reason });
}
