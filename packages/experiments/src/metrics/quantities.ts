import type { MetricSpec, Quantity } from '@shortlist/core/contracts/experiment.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';

/**
 * A sum over what a unit was shown or did; one column of the unit table.
 *
 * Every addend is rounded to a whole number of millionths and added as such: float64 adds whole numbers exactly up to
 * 2^53 (9e9 at once), so that no order of rows, no number of workers and no way of getting there changes a sum.
 */
export interface UnitColumn {
  readonly name: string;
  /** Which rows it adds up: slates, outcomes that name a slate, outcomes since the first exposure, or those before it. */
  readonly of: 'slates' | 'attributed' | 'since' | 'before';
  /** Of a row: SQL, in millionths. `s` is the slate, `e` the event. */
  readonly addend: string;
  /** Codes of the events it is made of. */
  readonly eventTypes: readonly number[];
}

export const MILLION = 1_000_000;
/** Slates that were not kept count through those that were. */
const WEIGHT = `round(${MILLION} / s.sampled::float8)`;

const SLATES: Readonly<Record<string, string>> = {
  count: WEIGHT,
  items: `${WEIGHT} * s.items`,
  errors: `CASE WHEN s.failed THEN ${WEIGHT} ELSE 0 END`,
  // A tier that was chosen (nobody knows the shopper) is no fallback; one that stands in for a stage is `degraded`.
  fallbacks: `CASE WHEN s.degraded OR s.served <> s.assigned THEN ${WEIGHT} ELSE 0 END`,
  leaks: `${WEIGHT} * s.leaks`,
};

/** The column of a quantity; `any` is read off the count. */
export function columnOf(quantity: Quantity): UnitColumn {
  if ('slate' in quantity) {
    if (quantity.slate !== 'slow') return slateColumn(quantity.slate, SLATES[quantity.slate]!);
    const slowerThanMs = quantity.slowerThanMs ?? Infinity;
    const name = `slower_than_${String(slowerThanMs).replace(/\W/g, '_').toLowerCase()}_ms`;
    return slateColumn(name, `CASE WHEN s.latency_ms > '${slowerThanMs}'::float8 THEN ${WEIGHT} ELSE 0 END`);
  }
  return eventColumn(quantity, quantity.attributed ? 'attributed' : 'since');
}

const slateColumn = (name: string, addend: string): UnitColumn => ({
  ...{ name: name === 'count' ? 'slates' : name, of: 'slates', addend, eventTypes: [] },
});

type EventQuantity = Extract<Quantity, { readonly event: unknown }>;

function eventColumn({ event, of }: EventQuantity, rows: 'attributed' | 'since' | 'before'): UnitColumn {
  const code = EVENT_CODE[event];
  const isValue = of === 'value';
  const amount = isValue ? 'e.value::float8 * coalesce(e.quantity, 1)::float8' : '1';
  const weight = rows === 'attributed' ? `${MILLION} / s.sampled::float8` : String(MILLION);
  return {
    name: `${event}_${isValue ? 'value' : 'count'}_${rows}`,
    of: rows,
    addend: `CASE WHEN e.type = ${code} THEN round(${amount} * ${weight}) ELSE 0 END`,
    eventTypes: [code],
  };
}

/** The covariate of a mean of outcomes: the same before the first exposure, when no slate of the experiment was there. */
const covariateColumn = (quantity: EventQuantity): UnitColumn => eventColumn(quantity, 'before');

const expressionOf = (quantity: Quantity, column: string): string =>
  'event' in quantity && quantity.of === 'any' ? `(${column} > 0)::integer::float8` : column;

/** A metric over the unit table: what its moments are made of. */
export interface MetricColumns {
  /** SQL over the columns; a mean of `numerator`, or a ratio. */
  readonly numerator: string;
  readonly denominator: string | null;
  /** CUPED's; means of outcomes have one. */
  readonly covariate: string | null;
  readonly columns: readonly UnitColumn[];
}

/** What a metric needs of the unit table. A ratio has no covariate: CUPED of ratios would need one for each part. */
export function columnsOfMetric({ numerator, denominator }: MetricSpec, hasPreperiod: boolean): MetricColumns {
  const top = columnOf(numerator);
  if (denominator !== undefined) {
    const bottom = columnOf(denominator);
    return {
      numerator: expressionOf(numerator, top.name),
      denominator: expressionOf(denominator, bottom.name),
      covariate: null,
      columns: [top, bottom],
    };
  }
  const before = hasPreperiod && 'event' in numerator ? covariateColumn(numerator) : null;
  return {
    numerator: expressionOf(numerator, top.name),
    denominator: null,
    covariate: before === null ? null : expressionOf(numerator, before.name),
    columns: before === null ? [top] : [top, before],
  };
}

/** SQL of the two variables whose moments a metric needs; a mean without a covariate has zeros for the second. */
export const variablesOf = ({ numerator, denominator, covariate }: MetricColumns): readonly [y: string, x: string] => [
  numerator,
  denominator ?? covariate ?? '0',
];
