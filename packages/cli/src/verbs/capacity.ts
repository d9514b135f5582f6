import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Caches } from '../capacity/measurements.ts';
import type { Question } from '../capacity/plan.ts';
import type { Environment } from '../environment.ts';

interface Arguments {
  readonly rps: string;
  readonly slo: string;
  readonly items: string;
  readonly candidates: string;
  readonly caches: Caches;
  readonly bench?: string;
  readonly overhead: string;
  readonly headroom: string;
  readonly zones: string;
  readonly memoryFactor: string;
  readonly priceCoreHour: string;
  readonly priceGibHour: string;
  readonly extrapolate?: boolean;
  readonly json?: boolean;
}

/** What was measured so far comes with the checkout. */
const MEASUREMENTS = 'docs/bench-history.jsonl';

/** `shortlist capacity`: what was measured on one core, turned into pods, cores, memory and cost. */
export function register(program: Command, environment: Environment): void {
  program
    .command('capacity')
    .description('pods, cores, memory and cost for a load, from measured figures')
    .requiredOption('--rps <n>', 'requests per second at the busiest time')
    .option('--slo <ms>', 'p99 that the caller sees', '100')
    .option('--items <n>', 'items of the catalogue', '1000000')
    .option('--candidates <n>', 'candidates of a request', '500')
    .addOption(new Option('--caches <kind>', 'of profiles in the pod').choices(['warm', 'cold']).default('warm'))
    .option('--bench <file>', `measurements, of \`make bench SUITE=serving JSON=FILE\` (default: ${MEASUREMENTS})`)
    .option('--overhead <ms>', 'part of the p99 that lies before the pod: network, front, TLS', '10')
    .option('--headroom <share>', 'of what the latency allows, left free for bursts and rollouts', '0.2')
    .option('--zones <n>', 'of which one may be gone; 1: a pod may be gone', '3')
    .option(
      '--memory-factor <n>',
      'memory of a pod over that of its process: a new release is loaded beside the old',
      '2',
    )
    .option(
      '--price-core-hour <n>',
      "of a core (the default is AWS Fargate's list price, us-east-1, in USD)",
      '0.04048',
    )
    .option('--price-gib-hour <n>', 'of a GiB of memory (as above)', '0.004445')
    .option('--extrapolate', 'answer beyond what was measured, too; what is guessed is marked')
    .option('--json', 'as JSON')
    .action(async (given: Arguments) => {
      const { readMeasurements } = await import('../capacity/measurements.ts');
      const { planCapacity } = await import('../capacity/plan.ts');
      const { capacityReport } = await import('../capacity/report.ts');
      const file = given.bench === undefined ? resolve(environment.repository, MEASUREMENTS) : resolve(given.bench);
      const question = questionOf(given);
      const measurements = await readMeasurements(file);
      const plan = planCapacity(question, measurements);
      const { source, machine, commit } = measurements;
      const json = { question, ...plan, measurements: { source, machine, commit } };
      process.stdout.write(
        given.json === true ? `${JSON.stringify(json, null, 2)}\n` : capacityReport(question, plan, measurements),
      );
    });
}

function questionOf(given: Arguments): Question {
  return {
    rps: number('rps', given.rps, { above: 0 }),
    sloMs: number('slo', given.slo, { above: 0 }),
    items: number('items', given.items, { above: 0 }),
    candidates: number('candidates', given.candidates, { above: 0 }),
    caches: given.caches,
    overheadMs: number('overhead', given.overhead, { above: -1e-9 }),
    headroom: number('headroom', given.headroom, { above: -1e-9, below: 1 }),
    zones: wholeNumber('zones', given.zones),
    memoryFactor: number('memory-factor', given.memoryFactor, { above: 0 }),
    priceCoreHour: number('price-core-hour', given.priceCoreHour, { above: -1e-9 }),
    priceGibHour: number('price-gib-hour', given.priceGibHour, { above: -1e-9 }),
    extrapolate: given.extrapolate === true,
  };
}

function number(option: string, text: string, { above, below = Infinity }: { above: number; below?: number }): number {
  const value = Number(text);
  if (text.trim() !== '' && value > above && value < below) return value;
  const range = below === Infinity ? `above ${Math.ceil(above)}` : `from ${Math.ceil(above)} to below ${below}`;
  throw new ShortlistError('field_invalid', { field: `--${option}`, reason: `'${text}' is no number ${range}` });
}

function wholeNumber(option: string, text: string): number {
  const value = number(option, text, { above: 0 });
  if (Number.isSafeInteger(value)) return value;
  throw new ShortlistError('field_invalid', { field: `--${option}`, reason: `'${text}' is no whole number` });
}
