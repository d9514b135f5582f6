import type { ClientBase } from 'pg';
import type { Moments } from '@shortlist/core/statistics/moments.ts';
import { variablesOf, type MetricColumns } from '../metrics/quantities.ts';
import type { AnalysisDefinition } from './definition.ts';

/** A metric as it is read off the tallies. */
export interface MetricRead {
  readonly name: string;
  readonly columns: MetricColumns;
  /** Percentile at which sums per unit are cut; null: they are not. */
  readonly winsorise: number | null;
}

/** Units of one arm that entered in one version and ramp step. */
export interface Cell {
  /** Variant's place, from 1; 0: units with two of them. */
  readonly arm: number;
  readonly version: number;
  readonly rampStep: number;
  readonly units: number;
  /** By metric, in the order asked for: [numerator, denominator] of a ratio, [value, covariate] or [value] of a mean. */
  readonly moments: readonly Moments[];
}

/** Nobody is in it twice, so that its count is known without another look. */
interface Cut {
  readonly metric: string;
  /** Null: nothing is cut. */
  readonly at: number | null;
}

export interface MomentsOfUnits {
  readonly cells: readonly Cell[];
  readonly cuts: readonly Cut[];
}

/**
 * The value at the percentile over all arms (nearest rank). The order in which units are counted is that of the values:
 * the same whatever the way in which the tallies came about.
 */
async function cutOf(client: ClientBase, tallies: string, pair: number, { name, winsorise }: MetricRead): Promise<Cut> {
  if (winsorise === null || winsorise >= 1) return { metric: name, at: null };
  const { rows } = await client.query<{ at: number | null }>(
    `SELECT y AS at FROM (
       SELECT y, sum(units) OVER (ORDER BY y DESC) AS above, sum(units) OVER () AS total
       FROM (SELECT y, sum(units)::float8 AS units FROM ${tallies} WHERE pair = $2 AND arm > 0 AND y <> 'NaN' GROUP BY y) AS counted
     ) AS ranked WHERE above > total - ceil($1::float8 * total - 1e-9) ORDER BY y DESC LIMIT 1`,
    [winsorise, pair],
  );
  return { metric: name, at: rows[0]?.at ?? null };
}

/** A value that is cut; NaN is greater than everything in PostgreSQL, and stays NaN. */
const capped = (value: string, cut: number | null): string =>
  cut === null
    ? value
    : `CASE WHEN ${value} > '${cut}'::float8 AND ${value} <> 'NaN' THEN '${cut}'::float8 ELSE ${value} END`;

interface CellRow {
  readonly arm: number;
  readonly version: number;
  readonly ramp_step: number;
  readonly units: number;
  readonly y: number;
  readonly x: number;
  readonly yy: number;
  readonly xy: number;
  readonly xx: number;
}

/** Sums by arm, version and ramp step, added up in the order of the values: the same tallies give the same bits. */
async function readPair(client: ClientBase, tallies: string, pair: number, y: string, x: string) {
  const { rows } = await client.query<CellRow>(
    `SELECT arm, version, ramp_step, sum(units) AS units, sum(units * y) AS y, sum(units * x) AS x,
       sum(units * y * y) AS yy, sum(units * x * y) AS xy, sum(units * x * x) AS xx
     FROM (
       SELECT arm, version, ramp_step, units::float8 AS units, ${y} AS y, ${x} AS x FROM ${tallies} AS kept
       WHERE pair = $1 AND counts ORDER BY kept.y, kept.x, arm, version, ramp_step
     ) AS tallied GROUP BY arm, version, ramp_step ORDER BY arm, version, ramp_step`,
    [pair],
  );
  return rows;
}

/** Sufficient statistics by arm, version and ramp step, of all metrics. */
export async function readMoments(
  client: ClientBase,
  tallies: string,
  pairs: AnalysisDefinition['pairs'],
  metrics: readonly MetricRead[],
): Promise<MomentsOfUnits> {
  const cuts: Cut[] = [];
  const moments: Moments[][] = [];
  const places = new Map(pairs.map((pair, i) => [String(pair), i]));
  for (const metric of metrics) {
    const { columns } = metric;
    const pair = places.get(String(variablesOf(columns)))!;
    const cut = await cutOf(client, tallies, pair, metric);
    const rows = await readPair(
      ...[client, tallies, pair],
      capped('kept.y', cut.at),
      columns.denominator === null ? capped('kept.x', cut.at) : 'kept.x',
    );
    const isPair = columns.denominator !== null || columns.covariate !== null;
    moments.push(rows.map((row) => momentsOf(row, isPair)));
    cuts.push(cut);
  }
  const units = await readPair(client, tallies, 0, 'kept.y', 'kept.x');
  const cells = units.map((row, i): Cell => ({
    arm: row.arm,
    version: row.version,
    rampStep: row.ramp_step,
    units: row.units,
    // Every unit is in the tallies of every pair, hence every cell.
    moments: moments.map((ofMetric) => ofMetric[i]!),
  }));
  return { cells, cuts };
}

const momentsOf = ({ units, y, x, yy, xy, xx }: CellRow, isPair: boolean): Moments =>
  isPair ? { count: units, sums: [y, x], products: [yy, xy, xx] } : { count: units, sums: [y], products: [yy] };
