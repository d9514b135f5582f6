import type { ClientBase } from 'pg';
import { eventTypesOf, unitOfEvent, type UnitSources } from './build-units.ts';
import { isBetween, type ReadPosition } from './read-position.ts';
import type { Refresh } from './refresh.ts';

/** What is looked up of the units that something new touched. Not temporary tables: those are closed to parallel workers. */
export const touchedTables = (id: number) => ({
  /** Units of which something new came, whether or not they have met the experiment. */
  seen: `analysis_seen_${id}`,
  /** Those that have. */
  units: `analysis_touched_${id}`,
  /** Where their rows of the unit table lie. */
  places: `analysis_touched_places_${id}`,
  days: `analysis_touched_days_${id}`,
  exposures: `analysis_touched_exposures_${id}`,
  slates: `analysis_touched_slates_${id}`,
  events: `analysis_touched_events_${id}`,
});

/** Look-ups wait for the disk more than they compute; small tables are split, too, for each row of theirs is many reads. */
const PARALLEL = `SET LOCAL max_parallel_workers_per_gather = 4; SET LOCAL min_parallel_table_scan_size = 0`;
const AS_BEFORE = `SET LOCAL max_parallel_workers_per_gather TO DEFAULT; SET LOCAL min_parallel_table_scan_size TO DEFAULT`;

async function create(client: ClientBase, table: string, text: string, values: readonly unknown[], analysed: string) {
  const { rowCount } = await client.query(`CREATE UNLOGGED TABLE ${table} AS ${text}`, [...values]);
  await client.query(`ANALYZE ${table} (${analysed})`);
  return rowCount ?? 0;
}

/**
 * Notes the units of which something has come between `before` and `now`, whatever its own time: an exposure, a slate, an
 * event, or a session that turned out to be theirs; and all exposures of theirs, by which one knows who has met the
 * experiment. One unit too many does no harm. Returns how many.
 */
export async function noteTouchedUnits(
  { client, id, definition, fromS }: Refresh,
  { before, now }: { readonly before: ReadPosition; readonly now: ReadPosition },
): Promise<number> {
  const { experiment, versions, unit } = definition;
  const tables = touchedTables(id);
  const ofExperiment = 'experiment = $1 AND version = ANY($2)';
  await create(
    client,
    tables.seen,
    `SELECT unit FROM exposures WHERE ${isBetween(before.offsets.exposures, now.offsets.exposures)} AND ${ofExperiment}
      UNION SELECT unit FROM slate_experiments
        WHERE ${isBetween(before.offsets.slates, now.offsets.slates)} AND ${ofExperiment}
      UNION SELECT ${unitOfEvent(definition)} FROM events AS e
        WHERE e.received_at >= $3::timestamptz AND e.occurred_at >= to_timestamp($4::float8)
          AND e.type IN (${eventTypesOf(definition).join(', ')}) AND e.${unit}_id IS NOT NULL
      ${unit === 'user' ? "UNION SELECT 'u:' || user_id FROM session_users WHERE merged_at >= $3::timestamptz" : ''}`,
    [experiment, versions, before.horizon, fromS],
    'unit',
  );
  await client.query(PARALLEL);
  await create(
    client,
    tables.exposures,
    `SELECT exposures.* FROM ${tables.seen} JOIN exposures USING (unit) WHERE ${ofExperiment}`,
    [experiment, versions],
    'unit',
  );
  const touched = await create(client, tables.units, `SELECT DISTINCT unit FROM ${tables.exposures}`, [], 'unit');
  await client.query(AS_BEFORE);
  return touched;
}

const DATE = 'YYYY-MM-DD';

/** All rows of the touched units, from which the same statements make them anew as make all. */
export async function gatherTouchedRows({ client, id, table, definition, fromS }: Refresh): Promise<UnitSources> {
  const { experiment, versions, unit } = definition;
  const tables = touchedTables(id);
  await client.query(PARALLEL);
  // What is to be deleted is found by several, too; from here to the end nothing moves a row.
  const places = `SELECT kept.unit, kept.ctid AS place FROM ${tables.units} JOIN ${table} AS kept USING (unit)`;
  await create(client, tables.places, places, [], 'unit');
  await create(
    client,
    tables.slates,
    `SELECT slate_experiments.* FROM ${tables.units} JOIN slate_experiments USING (unit)
      WHERE experiment = $1 AND version = ANY($2)`,
    [experiment, versions],
    'unit, request_id',
  );
  await create(
    client,
    tables.days,
    `SELECT day, substring(unit FROM 3) AS id FROM ${tables.units} JOIN unit_days USING (unit)
      WHERE day >= (to_timestamp($1::float8) AT TIME ZONE 'UTC')::date ORDER BY day`,
    [fromS],
    'day, id',
  );
  // A unit's days lead to its partitions. Each day stands in the text, so that it is planned by what it holds of them.
  const { rows } = await client.query<{ from: string; to: string }>(
    `SELECT to_char(day, '${DATE}') AS from, to_char(day + 1, '${DATE}') AS to FROM (SELECT DISTINCT day FROM ${tables.days}) AS days ORDER BY 1`,
  );
  const ofDays = rows.map(
    ({ from, to }) => `SELECT e.* FROM ${tables.days} AS touched JOIN events AS e ON e.${unit}_id = touched.id
      WHERE touched.day = '${from}' AND e.occurred_at >= '${from} 00:00:00+00' AND e.occurred_at < '${to} 00:00:00+00'
        AND e.type IN (${eventTypesOf(definition).join(', ')})`,
  );
  const ofNoDay = 'SELECT * FROM events WHERE false';
  await create(
    client,
    tables.events,
    ofDays.length === 0 ? ofNoDay : ofDays.join(' UNION ALL '),
    [],
    `${unit}_id, request_id`,
  );
  await client.query(AS_BEFORE);
  return tables;
}

/** They are dropped with the transaction that made them, at the latest. */
export async function dropTouchedRows(client: ClientBase, id: number): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${Object.values(touchedTables(id)).join(', ')}`);
}
