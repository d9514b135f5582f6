import type { ClientBase } from 'pg';
import { eventTypesOf, unitOfEvent, type UnitSources } from './build-units.ts';
import type { AnalysisDefinition } from './definition.ts';
import { isBetween, type ReadPosition } from './read-position.ts';

const TABLES = ['touched_units', 'touched_exposures', 'touched_slates', 'touched_events'] as const;

/** Those of some units that have met the experiment. */
const exposed = (units: string) => `SELECT unit FROM (${units}) AS seen WHERE EXISTS (
  SELECT FROM exposures WHERE experiment = $1 AND version = ANY($2) AND exposures.unit = seen.unit)`;

/**
 * Notes in a temporary table the units of which something has come between `before` and `now`, whatever its own time: an exposure,
 * a slate, an event, or a session that turned out to be theirs. One too many does no harm. Returns how many.
 */
export async function noteTouchedUnits(
  client: ClientBase,
  definition: AnalysisDefinition,
  { before, now }: { readonly before: ReadPosition; readonly now: ReadPosition },
  fromS: number,
): Promise<number> {
  const { experiment, versions, unit } = definition;
  const merged = exposed("SELECT 'u:' || user_id AS unit FROM session_users WHERE merged_at >= $3::timestamptz");
  const { rowCount } = await client.query({
    text: `CREATE TEMP TABLE touched_units ON COMMIT DROP AS
      SELECT unit FROM exposures
        WHERE ${isBetween(before.offsets.exposures, now.offsets.exposures)} AND experiment = $1 AND version = ANY($2)
      UNION SELECT unit FROM slate_experiments
        WHERE ${isBetween(before.offsets.slates, now.offsets.slates)} AND experiment = $1 AND version = ANY($2)
      UNION ${exposed(`SELECT DISTINCT ${unitOfEvent(definition)} AS unit FROM events AS e
        WHERE e.received_at >= $3::timestamptz AND e.occurred_at >= to_timestamp($4::float8)
          AND e.type IN (${eventTypesOf(definition).join(', ')}) AND e.${unit}_id IS NOT NULL`)}
      ${unit === 'user' ? `UNION ${merged}` : ''}`,
    values: [experiment, versions, before.horizon, fromS],
  });
  await client.query('ANALYZE touched_units');
  return rowCount ?? 0;
}

/** All rows of the touched units in temporary tables, from which the same statements make them anew as make all. */
export async function gatherTouchedRows(
  client: ClientBase,
  definition: AnalysisDefinition,
  fromS: number,
): Promise<UnitSources> {
  const { experiment, versions, unit } = definition;
  await client.query({
    text: `CREATE TEMP TABLE touched_exposures ON COMMIT DROP AS
      SELECT e.* FROM touched_units CROSS JOIN LATERAL (
        SELECT * FROM exposures WHERE unit = touched_units.unit AND experiment = $1 AND version = ANY($2) OFFSET 0) AS e`,
    values: [experiment, versions],
  });
  await client.query({
    text: `CREATE TEMP TABLE touched_slates ON COMMIT DROP AS
      SELECT s.* FROM touched_units CROSS JOIN LATERAL (
        SELECT * FROM slate_experiments WHERE unit = touched_units.unit AND experiment = $1 AND version = ANY($2) OFFSET 0
      ) AS s`,
    values: [experiment, versions],
  });
  // A unit's days lead to its partitions; OFFSET 0 keeps the planner from reading all of them instead.
  await client.query({
    text: `CREATE TEMP TABLE touched_events ON COMMIT DROP AS
      SELECT e.* FROM touched_units JOIN unit_days USING (unit) CROSS JOIN LATERAL (
        SELECT * FROM events WHERE ${unit}_id = substring(touched_units.unit FROM 3)
          AND occurred_at >= unit_days.day::timestamp AT TIME ZONE 'UTC'
          AND occurred_at < (unit_days.day + 1)::timestamp AT TIME ZONE 'UTC'
          AND type IN (${eventTypesOf(definition).join(', ')}) OFFSET 0) AS e
      WHERE unit_days.day >= (to_timestamp($1::float8) AT TIME ZONE 'UTC')::date`,
    values: [fromS],
  });
  for (const table of TABLES.slice(1)) await client.query(`ANALYZE ${table}`);
  return { exposures: 'touched_exposures', slates: 'touched_slates', events: 'touched_events' };
}
