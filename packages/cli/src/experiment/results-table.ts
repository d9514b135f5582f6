import type { Comparison, Evidence, MetricEvidence } from '@shortlist/experiments/decisions/evidence.ts';
import type { Results } from '@shortlist/experiments/control/results.ts';
import { intervalBar, scaleOf } from './interval-bar.ts';
import { tableOf } from './table.ts';

const BAR_WIDTH = 31;

/** The results as a person reads them. */
export function resultsTable(results: Results): string {
  const { evidence } = results;
  return [heading(results), armsTable(evidence), metricsTable(evidence), interleavingLine(evidence), notes(evidence)]
    .filter((part) => part !== '')
    .join('\n');
}

function heading({ experiment, state, version, evidence, progress, outlook }: Results): string {
  const { days, units, unitsRequired, daysToGo, underpowered } = progress;
  const required = unitsRequired === null ? 'not known yet' : whole(unitsRequired);
  const toGo = daysToGo === null ? '' : daysToGo === 0 ? '; that is enough' : `; about ${days1(daysToGo)} days to go`;
  const { chiSquaredP, sequentialP } = evidence.sampleRatio;
  const until = evidence.dataUntilS === null ? 'no data yet' : `data until ${iso(evidence.dataUntilS)}`;
  return [
    `${experiment}, version ${version}: ${state}. ${days1(days)} days, ${until}.`,
    `Units per variant: ${whole(units)} of ${required}${toGo}.${underpowered ? ' UNDERPOWERED: not done within daysMax at this pace.' : ''}`,
    `Sample ratio: chi-squared p ${pOf(chiSquaredP)}, sequential p ${pOf(sequentialP)}.`,
    ...(outlook === null ? [] : [`Outlook: ${outlook.action.replace('_', ' ')}, since ${outlook.reason}.`]),
    '',
  ].join('\n');
}

function armsTable({ arms }: Evidence): string {
  const rows = arms.map(({ variant, weight, units, fallbackUnits }) => [
    variant,
    `${(100 * weight).toFixed(1)} %`,
    whole(units),
    whole(fallbackUnits),
  ]);
  return tableOf([['VARIANT', 'WEIGHT', 'UNITS', 'SERVED OTHERWISE'], ...rows], [1, 2, 3]);
}

/** Bars of guardrails and success metrics share one scale, so that they can be compared. */
function metricsTable({ metrics }: Evidence): string {
  const intervals = metrics.flatMap(({ comparisons }) => comparisons.flatMap((one) => shownInterval(one) ?? []));
  if (metrics.length === 0) return '';
  const scale = scaleOf(intervals);
  const end = `${Math.round(100 * scale * 10) / 10} %`;
  const axis = `-${end}${' '.repeat(Math.max(1, BAR_WIDTH - 2 * end.length - 2))}+${end}`;
  const rows = metrics.flatMap((metric) => metric.comparisons.map((one) => rowOf(metric, one, scale)));
  return tableOf(
    [['METRIC', 'VARIANT', 'CONTROL', 'TREATMENT', 'LIFT', axis, 'AT ONE LOOK', 'AT ANY TIME', 'P', ''], ...rows],
    [2, 3, 4, 8],
  );
}

function rowOf(metric: MetricEvidence, one: Comparison, scale: number): string[] {
  const { role, margin, better, control } = metric;
  const interval = shownInterval(one);
  const bar =
    interval === null || one.lift === null
      ? 'no numbers yet'
      : intervalBar({ ...interval, value: one.lift }, { width: BAR_WIDTH, scale, margin });
  return [
    `${role === 'guardrail' ? '! ' : ''}${metric.metric}`,
    one.variant,
    number(control.mean),
    number(one.mean),
    percent(one.lift),
    bar,
    rangeOf(one.fixed),
    rangeOf(one.always),
    pOf(one.pValue),
    verdictOf(better, role, margin, one),
  ];
}

/** The fixed-horizon one is what a look decides by; before, the wider one that always holds. */
const shownInterval = ({ fixed, always }: Comparison) => fixed ?? always;

/** In words, by the interval that holds at any time: what is true now stays true. */
function verdictOf(
  better: MetricEvidence['better'],
  role: MetricEvidence['role'],
  margin: number | null,
  { always }: Comparison,
): string {
  if (always === null) return '';
  const [worst, best] = better === 'higher' ? [always.low, always.high] : [-always.high, -always.low];
  if (role === 'guardrail') {
    if (best < -(margin ?? 0)) return 'HARM';
    return worst > -(margin ?? 0) ? 'holds' : 'open';
  }
  return worst > 0 ? 'better' : best < 0 ? 'WORSE' : 'open';
}

function interleavingLine({ interleaving }: Evidence): string {
  if (interleaving === null) return '';
  const { control, treatment, controlWins, treatmentWins, ties, pValue } = interleaving;
  return `Preferred: ${treatment} by ${whole(treatmentWins)} units, ${control} by ${whole(controlWins)}, ${whole(ties)} ties; p ${pOf(pValue)}.\n`;
}

const notes = ({ notes: lines }: Evidence): string => lines.map((line) => `- ${line}\n`).join('');

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const days1 = (value: number): string => value.toFixed(1);
const iso = (timeS: number): string => `${new Date(timeS * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const number = (value: number | null): string => (value === null ? '-' : Number(value.toPrecision(4)).toString());
const percent = (value: number | null): string =>
  value === null ? '-' : `${value < 0 ? '' : '+'}${(100 * value).toFixed(2)} %`;
const rangeOf = (interval: Comparison['fixed']): string =>
  interval === null ? '-' : `${percent(interval.low)} to ${percent(interval.high)}`;
const pOf = (p: number | null): string => (p === null ? '-' : p < 0.0001 ? '<0.0001' : p.toFixed(4));
