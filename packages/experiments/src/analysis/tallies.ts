import type { ClientBase } from 'pg';
import type { AnalysisDefinition } from './definition.ts';

/**
 * How many units of an arm, version and ramp step have which values of a pair of variables: all that the numbers of an
 * experiment are made of, in some ten thousand rows for ten million units. Counts are whole, so that those that were
 * changed by what left the unit table and what entered are those of the table, to the unit.
 */
export const talliesOf = (id: number): string => `analysis_tallies_${id}`;

const KEY = 'pair, y, x, arm, version, ramp_step, counts';

/** The unit table's own trigger: whatever is deleted from it is noted in `analysis_gone`. */
export const noteWhatGoes = (id: number, table: string): string => `CREATE TRIGGER gone AFTER DELETE ON ${table}
  FOR EACH ROW EXECUTE FUNCTION note_analysis_unit_gone(${id})`;

/** Rows of a unit table, and how many units they stand for together: SQL. */
interface TalliedRows {
  readonly rows: string;
  readonly count: string;
}

/**
 * Tallies of rows of a unit table. First by all variables at once, which leaves few of the rows, then
 * by each pair.
 */
function tally({ pairs, isTriggered }: AnalysisDefinition, { rows, count }: TalliedRows): string {
  const variables = [...new Set(pairs.flat())];
  const place = (variable: string) => `v${variables.indexOf(variable)}`;
  const values = pairs.map(([y, x], i) => `(${i}::smallint, ${place(y)}, ${place(x)})`);
  const selected = variables.map((variable, i) => `(${variable})::float8 AS v${i}`);
  const names = variables.map((_, i) => `v${i}`).join(', ');
  return `SELECT ${KEY}, sum(units)::bigint AS units
    FROM (SELECT arm, version, ramp_step, ${isTriggered ? 'coalesce(differs, false)' : 'true'} AS counts,
        ${selected.join(', ')}, ${count} AS units
      FROM (${rows}) AS units GROUP BY arm, version, ramp_step, counts, ${names}) AS kinds
    CROSS JOIN LATERAL (VALUES ${values.join(', ')}) AS pairs (pair, y, x)
    GROUP BY ${KEY}`;
}

/** When units came, and until when the newest row of theirs was seen. */
const arrivals = ({
  rows,
  count,
}: TalliedRows): string => `SELECT arm, fallback, floor(date_part('epoch', first_at) / 3600) * 3600 AS from_s,
    (${count})::bigint AS units, max(greatest(last_at, first_at)) AS until_at
  FROM (${rows}) AS units GROUP BY 1, 2, 3`;

const addArrivals = (rows: TalliedRows): string => `INSERT INTO analysis_arrivals AS kept
  SELECT $1::integer, arm, fallback, from_s, units, until_at FROM (${arrivals(rows)}) AS came
  ON CONFLICT (analysis, arm, fallback, from_s)
    DO UPDATE SET units = kept.units + excluded.units, until_at = greatest(kept.until_at, excluded.until_at)`;

/** Whole unit table, tallied anew. */
export async function makeTallies(
  client: ClientBase,
  id: number,
  definition: AnalysisDefinition,
  table: string,
): Promise<void> {
  const tallies = talliesOf(id);
  const rows = { rows: `SELECT * FROM ${table}`, count: 'count(*)' };
  // Kinds of units are few, which the planner cannot know: it would sort ten million rows, through files, in one process.
  await client.query('SET LOCAL enable_sort = off; SET LOCAL parallel_tuple_cost = 0');
  await client.query(`DROP TABLE IF EXISTS ${tallies}`);
  await client.query(`CREATE TABLE ${tallies} AS ${tally(definition, rows)}`);
  await client.query(`CREATE UNIQUE INDEX ${tallies}_key ON ${tallies} (${KEY})`);
  await client.query(`ANALYZE ${tallies}`);
  await client.query('DELETE FROM analysis_gone WHERE analysis = $1', [id]);
  await client.query('DELETE FROM analysis_arrivals WHERE analysis = $1', [id]);
  await client.query(addArrivals(rows), [id]);
  await client.query('SET LOCAL enable_sort TO DEFAULT; SET LOCAL parallel_tuple_cost TO DEFAULT');
}

/** Takes off what has left the unit table since the last time, and adds the rows of `made` (null: nothing was made). */
export async function changeTallies(
  client: ClientBase,
  id: number,
  definition: AnalysisDefinition,
  { table, made }: { readonly table: string; readonly made: string | null },
): Promise<void> {
  const tallies = talliesOf(id);
  await client.query(`CREATE TEMP TABLE units_gone (LIKE ${table}) ON COMMIT DROP`);
  const { rowCount } = await client.query(
    `WITH gone AS (DELETE FROM analysis_gone WHERE analysis = $1 RETURNING quantities)
     INSERT INTO units_gone SELECT unit.* FROM gone CROSS JOIN LATERAL jsonb_populate_record(NULL::${table}, quantities) AS unit`,
    [id],
  );
  if (rowCount !== 0 || made !== null) {
    const entered = made === null ? '' : ` UNION ALL SELECT *, 1 AS sign FROM ${made}`;
    const rows = { rows: `SELECT *, -1 AS sign FROM units_gone${entered}`, count: 'sum(sign)' };
    await client.query(
      `CREATE TEMP TABLE tallies_changed ON COMMIT DROP AS ${tally(definition, rows)} HAVING sum(units) <> 0`,
    );
    await client.query(`INSERT INTO ${tallies} AS kept SELECT * FROM tallies_changed
      ON CONFLICT (${KEY}) DO UPDATE SET units = kept.units + excluded.units`);
    await client.query(`DELETE FROM ${tallies} WHERE units = 0`);
    await client.query(addArrivals(rows), [id]);
    await client.query('DELETE FROM analysis_arrivals WHERE analysis = $1 AND units = 0', [id]);
    await client.query('DROP TABLE tallies_changed');
  }
  await client.query('DROP TABLE units_gone');
}
