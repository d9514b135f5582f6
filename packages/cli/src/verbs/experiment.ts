import { type Command, Option } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import type { AssignOptions } from '../experiment/assign.ts';
import { registerOffPolicy } from './off-policy.ts';
import { registerSimulations } from './simulate.ts';

/** `shortlist experiment ...`: experiments of the service at SHORTLIST_EXPERIMENTS_URL. */
export function register(program: Command, environment: Environment): void {
  const experiment = program
    .command('experiment')
    .description(`experiments: describe, start, watch, end (asks the service at ${environment.experimentsUrl})`);
  const commands = () => import('../experiment/commands.ts');

  experiment
    .command('apply')
    .description('Applies experiments, layers and metrics of a YAML file: all, or none. A new experiment is a draft.')
    .requiredOption('-f, --file <path>', 'YAML with one or more documents; - reads the standard input')
    .option('--dry-run', 'only say what is wrong, with path and reason')
    .action(async ({ file, dryRun }: { file: string; dryRun?: boolean }) => {
      await (await commands()).applyFile(environment, file, dryRun === true);
    });
  experiment
    .command('list')
    .description('Lists experiments with their states.')
    .option('--state <state>', 'only those: draft, running, needs_attention, promoted, rolled_back, stopped')
    .option('--json', 'as JSON')
    .action(async (options: { state?: string; json?: boolean }) => (await commands()).list(environment, options));
  experiment
    .command('show <name>')
    .description('Prints its document and status; what it prints can be applied again.')
    .action(async (name: string) => (await commands()).show(environment, name));
  experiment
    .command('start <name>')
    .description('Starts a draft.')
    .option('--reason <text>', 'kept in its history', 'started')
    .action(async (name: string, body: { reason: string }) =>
      (await commands()).move(environment, name, 'start', body),
    );
  experiment
    .command('ramp <name>')
    .description('Lets in more units; nobody who is in is put out.')
    .requiredOption('--share <share>', 'of the allocated units, 0 to 1')
    .option('--at <time>', 'from when on (ISO 8601); now when absent')
    .action(async (name: string, { share, at }: { share: string; at?: string }) => {
      await (
        await commands()
      ).ramp(environment, name, { share: numberOf('share', share), ...(at === undefined ? {} : { at }) });
    });
  experiment
    .command('stop <name>')
    .description('Ends it: everybody gets control.')
    .requiredOption('--reason <text>', 'kept with the decision, and announced')
    .action(async (name: string, body: { reason: string }) => (await commands()).move(environment, name, 'stop', body));
  experiment
    .command('override <name>')
    .description("Decides in the service's place.")
    .addOption(
      new Option('--action <action>', 'what becomes of it')
        .choices(['promote', 'roll_back', 'stop', 'needs_attention', 'resume'])
        .makeOptionMandatory(),
    )
    .option('--variant <name>', 'whom to promote')
    .requiredOption('--reason <text>', 'kept with the decision, and announced')
    .action(async (name: string, body: object) => (await commands()).move(environment, name, 'decisions', body));
  experiment
    .command('results <name>')
    .description('Prints units, sample ratio and every metric with its interval, drawn.')
    .option('--json', 'as JSON')
    .action(async (name: string, { json }: { json?: boolean }) =>
      (await commands()).results(environment, name, json === true),
    );
  experiment
    .command('timeline <name>')
    .description('Prints what happened to it, and who did it.')
    .option('--json', 'as JSON')
    .action(async (name: string, { json }: { json?: boolean }) =>
      (await commands()).timeline(environment, name, json === true),
    );
  experiment
    .command('assign')
    .description('Shows which experiments a user or session is in, and why.')
    .option('--user <id>', 'as user_id of the request')
    .option('--session <id>', 'as session_id of the request')
    .option('--context <name=value...>', 'surface=, device=, category= or user.<attribute>=', [])
    .option('--at <time>', 'as of this time (ISO 8601); now when absent')
    .option(
      '--snapshot <path>',
      'a snapshot in a file, such as the one that a pod kept; that of the service when absent',
    )
    .option('--json', 'as JSON')
    .action(async (options: AssignOptions) => {
      const { assignUnit } = await import('../experiment/assign.ts');
      await assignUnit(environment, options);
    });
  registerPower(experiment);
  registerSimulations(experiment, environment);
  registerOffPolicy(experiment, environment);
}

interface PowerOptions {
  readonly baseline: string;
  readonly cv?: string;
  readonly effect: string;
  readonly alpha: string;
  readonly power: string;
  readonly treatments: string;
  readonly guardrails: string;
  readonly unitsPerDay?: string;
  readonly json?: boolean;
}

/** Needs no service: how many units a plan needs, before there is an experiment. */
function registerPower(experiment: Command): void {
  experiment
    .command('power')
    .description('Computes how many units an effect needs to be found.')
    .requiredOption('--baseline <value>', 'control: a share of units (0.05), or a mean together with --cv')
    .option('--cv <ratio>', 'of a mean: standard deviation over mean')
    .option('--effect <share>', 'smallest relative effect worth finding', '0.05')
    .option('--alpha <alpha>', 'two-sided error', '0.05')
    .option('--power <power>', 'chance of finding it', '0.8')
    .option('--treatments <n>', 'variants beside control', '1')
    .option('--guardrails <n>', 'guardrails that must hold as well', '0')
    .option('--units-per-day <n>', 'units that come into the experiment in a day')
    .option('--json', 'as JSON')
    .action(async (options: PowerOptions) => {
      const { powerReport } = await import('../experiment/power.ts');
      const { baseline, cv, effect, alpha, power, treatments, guardrails, unitsPerDay, json } = options;
      const report = powerReport({
        baseline: numberOf('baseline', baseline),
        cv: cv === undefined ? null : numberOf('cv', cv),
        effect: numberOf('effect', effect),
        alpha: numberOf('alpha', alpha, 1),
        power: numberOf('power', power, 1),
        treatments: numberOf('treatments', treatments),
        guardrails: Number(guardrails) === 0 ? 0 : numberOf('guardrails', guardrails),
        unitsPerDay: unitsPerDay === undefined ? null : numberOf('units-per-day', unitsPerDay),
      });
      if (json === true) return void process.stdout.write(`${JSON.stringify(report)}\n`);
      const { unitsPerVariant, unitsTotal, days, detectableAtFloor } = report;
      const shown = (value: number) => value.toLocaleString('en');
      process.stdout.write(
        `${shown(unitsPerVariant)} units per variant, ${shown(unitsTotal)} in all${days === null ? '' : `: ${shown(days)} days`}.\n` +
          `10,000 units per variant, the floor, find effects of ${(100 * detectableAtFloor).toFixed(1)} % and more.\n`,
      );
    });
}

/** @throws `field_invalid` unless it is a number above 0, and below `max` */
function numberOf(option: string, text: string, max = Infinity): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value > 0 && value < max) return value;
  const reason = `'${text}' is no number above 0${max === Infinity ? '' : ` and below ${max}`}`;
  throw new ShortlistError('field_invalid', { field: `--${option}`, reason });
}
