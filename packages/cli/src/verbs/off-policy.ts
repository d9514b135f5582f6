import { Option, type Command } from 'commander';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import type { Reward } from '../experiment/off-policy/logged-slates.ts';
import type { VariantName } from '../experiment/off-policy/off-policy.ts';

interface OffPolicyArguments {
  readonly dataset: string;
  readonly log?: string;
  readonly release?: string;
  readonly parameters?: string;
  readonly variant?: string;
  readonly slatesOf?: string;
  readonly from?: string;
  readonly until?: string;
  readonly reward: Reward;
  readonly positions?: string;
  readonly attributionHours: string;
  readonly alpha: string;
  readonly slatesMax: string;
  readonly json?: boolean;
}

/** `shortlist experiment off-policy`: needs no service, but slates in PostgreSQL that were in part left to chance. */
export function registerOffPolicy(experiment: Command, environment: Environment): void {
  experiment
    .command('off-policy')
    .description('Estimates what another policy would have earned, from logged slates with explored places.')
    .option('--dataset <name>', 'whose releases are meant', 'demo')
    .option('--log <name>', "whose database holds the slates; the dataset's own when absent")
    .option('--release <id>', 'the policy: a release; the active one when absent')
    .option('--parameters <file>', "the policy: JSON of parameters, laid over the release's")
    .option('--variant <experiment/variant>', 'the policy: release and parameters of a variant')
    .option('--slates-of <experiment/variant>', 'only slates that were served as this variant')
    .option('--from <time>', 'slates from then on (ISO 8601)')
    .option('--until <time>', 'slates before (ISO 8601)')
    .addOption(
      new Option('--reward <reward>', 'what a shown item earns, by events that name its slate')
        .choices(['click', 'add_to_cart', 'purchase', 'revenue'])
        .default('click'),
    )
    .option('--positions <list>', 'only these places, from 1 (such as 1,2); all that were left to chance when absent')
    .option('--attribution-hours <hours>', 'outcomes count so long after their slate', '24')
    .option('--alpha <alpha>', 'of the intervals', '0.05')
    .option('--slates-max <n>', 'the newest slates, at most', '20000')
    .option('--json', 'as JSON')
    .action(async (options: OffPolicyArguments) => {
      const { estimateOffPolicy } = await import('../experiment/off-policy/off-policy.ts');
      const { positionsOf } = await import('../experiment/off-policy/evaluate-policy.ts');
      const { offPolicyTable } = await import('../experiment/off-policy/report.ts');
      const { startProgress } = await import('../progress.ts');
      const { dataset, log = dataset, release, parameters, variant, slatesOf, reward, positions } = options;
      if (variant !== undefined && parameters !== undefined)
        throw new ShortlistError('field_invalid', { field: '--parameters', reason: 'the variant has its own' });
      const report = await estimateOffPolicy(environment, {
        ...{ dataset, log, reward, release: release ?? null, parametersFile: parameters ?? null },
        variant: variant === undefined ? null : variantOf('variant', variant),
        slatesOf: slatesOf === undefined ? null : variantOf('slates-of', slatesOf),
        fromS: options.from === undefined ? 0 : timeOf('from', options.from),
        untilS: options.until === undefined ? 1e11 : timeOf('until', options.until),
        positions: positions === undefined ? null : positionsOf(positions),
        attributionHours: numberOf('attribution-hours', options.attributionHours),
        alpha: numberOf('alpha', options.alpha, 1),
        slatesMax: Math.ceil(numberOf('slates-max', options.slatesMax)),
        progress: startProgress(),
      });
      process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : offPolicyTable(report));
    });
}

function variantOf(option: string, text: string): VariantName {
  const [experiment, variant, ...rest] = text.split('/');
  if (experiment !== undefined && experiment !== '' && variant !== undefined && variant !== '' && rest.length === 0)
    return { experiment, variant };
  throw refused(option, `'${text}' is no <experiment>/<variant>`);
}

function timeOf(option: string, text: string): number {
  const timeS = parseTimestamp(text);
  if (Number.isNaN(timeS)) throw refused(option, `'${text}' is no date`);
  return timeS;
}

function numberOf(option: string, text: string, max = Infinity): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value > 0 && value < max) return value;
  throw refused(option, `'${text}' is no number above 0${max === Infinity ? '' : ` and below ${max}`}`);
}

const refused = (option: string, reason: string) =>
  new ShortlistError('field_invalid', { field: `--${option}`, reason });
