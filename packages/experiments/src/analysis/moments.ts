import type { ClientBase } from 'pg';
import type { Moments } from '@shortlist/core/statistics/moments.ts';
import type { MetricColumns } from '../metrics/quantities.ts';

/** A metric as it is read off the unit table. */
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

/** Units that some other variant would have shown another slate. */
const TRIGGERED = 'differs';

/**
 * The value at the percentile over all arms (nearest rank): the k-th largest, which takes one pass and room for k values
 * where percentile_disc sorts ten million.
 */
async function cutOf(client: ClientBase, table: string, { name, columns, winsorise }: MetricRead): Promise<Cut> {
  if (winsorise === null || winsorise >= 1) return { metric: name, at: null };
  const { rows } = await client.query<{ at: number | null }>(
    `SELECT ${columns.numerator} AS at FROM ${table} WHERE arm > 0 AND ${columns.numerator} <> 'NaN' ORDER BY 1 DESC
     OFFSET (SELECT count(*) - ceil($1::float8 * count(*) - 1e-9)::bigint FROM ${table}
       WHERE arm > 0 AND ${columns.numerator} <> 'NaN') LIMIT 1`,
    [winsorise],
  );
  return { metric: name, at: rows[0]?.at ?? null };
}

/** A number in SQL. */
const float = (value: number): string => `'${value}'::float8`;

/** `y` and `x` of the pair of variables of a metric; NaN is greater than everything in PostgreSQL, and stays NaN. */
function pairOf(
  { columns: { numerator, denominator, covariate } }: MetricRead,
  cut: number | null,
): [y: string, x: string] {
  const capped = (value: string) =>
    cut === null
      ? value
      : `CASE WHEN ${value} > ${float(cut)} AND ${value} <> 'NaN' THEN ${float(cut)} ELSE ${value} END`;
  if (denominator !== null) return [capped(numerator), denominator];
  return [capped(numerator), covariate === null ? float(0) : capped(covariate)];
}

const PARTS = ['avgy', 'avgx', 'syy', 'sxy', 'sxx'] as const;

/**
 * Sufficient statistics by arm, version and ramp step, of all metrics in one pass: PostgreSQL's regr_ aggregates of one
 * pair of variables share one state, which is updated without cancellation (Youngs & Cramer) and runs in parallel.
 */
export async function readMoments(
  client: ClientBase,
  table: string,
  metrics: readonly MetricRead[],
  { isTriggered }: { readonly isTriggered: boolean },
): Promise<MomentsOfUnits> {
  const cuts: Cut[] = [];
  for (const metric of metrics) cuts.push(await cutOf(client, table, metric));
  const sums = metrics.flatMap((metric, i) => {
    const [y, x] = pairOf(metric, cuts[i]!.at);
    return PARTS.map((part) => `regr_${part}(${y}, ${x}) AS ${part}_${i}`);
  });
  const { rows } = await client.query<Record<string, number>>(
    `SELECT arm, version, ramp_step, count(*)::float8 AS units, ${sums.join(',\n')}
     FROM ${table} ${isTriggered ? `WHERE ${TRIGGERED}` : ''} GROUP BY arm, version, ramp_step ORDER BY arm, version, ramp_step`,
  );
  const cells = rows.map((row): Cell => ({
    arm: row.arm!,
    version: row.version!,
    rampStep: row.ramp_step!,
    units: row.units!,
    moments: metrics.map(({ columns }, i) => momentsOf(row, i, columns.denominator ?? columns.covariate)),
  }));
  return { cells, cuts };
}

function momentsOf(row: Readonly<Record<string, number>>, i: number, second: string | null): Moments {
  const [avgY, avgX, syy, sxy, sxx] = PARTS.map((part) => row[`${part}_${i}`]!) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const count = row.units!;
  const sumY = count * avgY;
  const squaresY = syy + sumY * avgY;
  if (second === null) return { count, sums: [sumY], products: [squaresY] };
  const sumX = count * avgX;
  return { count, sums: [sumY, sumX], products: [squaresY, sxy + sumY * avgX, sxx + sumX * avgX] };
}
