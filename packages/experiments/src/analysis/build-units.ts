import { MILLION, type UnitColumn } from '../metrics/quantities.ts';
import type { AnalysisDefinition } from './definition.ts';

/** Where rows come from: the log's own tables, or tables with the same columns that hold all rows of some units. */
export interface UnitSources {
  readonly exposures: string;
  readonly slates: string;
  readonly events: string;
}

export const LOG: UnitSources = { exposures: 'exposures', slates: 'slate_experiments', events: 'events' };

/** A statement and its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Steps of a ramp in one number: a spec has 50 at most. */
const RAMP_STEPS = 64;

/** Columns of the parent table, which every unit table begins with. */
const BASE = `unit, first_at, last_at, stratum / ${RAMP_STEPS} AS version, stratum % ${RAMP_STEPS} AS ramp_step,
  CASE WHEN arm = arm_last THEN arm ELSE 0 END::smallint AS arm, fallback, differs`;

/** The log's id of a unit. A user layer never has a session for a unit, nor the other way round. */
export const unitOfEvent = ({ unit }: Pick<AnalysisDefinition, 'unit'>): string =>
  unit === 'user' ? "'u:' || e.user_id" : "'s:' || e.session_id";

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const hours = (count: number): string => `'${count} hours'::interval`;
const namesOf = (columns: readonly UnitColumn[]): readonly string[] => columns.map(({ name }) => name);
const typesOf = (columns: readonly UnitColumn[]): string =>
  [...new Set(columns.flatMap(({ eventTypes }) => eventTypes))].sort((a, b) => a - b).join(', ');

/**
 * Slates of the phase. What only impressions know (items, teams) is joined where a metric asks for it. A leak is an item
 * that is not available, and has not been changed since it was so for a second when it was shown: never one too many.
 */
function slatesOf(definition: AnalysisDefinition, table: string): string {
  const condition = `s.experiment = ${literal(definition.experiment)} AND s.version IN (${definition.versions.join(', ')})`;
  const needsLeaks = definition.columns.some(({ name }) => name === 'leaks');
  if (!needsLeaks && !definition.isInterleaving) return `(SELECT * FROM ${table} AS s WHERE ${condition})`;
  const leaks = needsLeaks
    ? `(SELECT count(*) FROM unnest(i.item_ids) AS shown(item_id) JOIN items USING (item_id)
       WHERE NOT items.available AND items.updated_at < s.occurred_at - interval '1 s')`
    : '0';
  return `(SELECT s.*, i.item_ids, i.teams, coalesce(${leaks}, 0) AS leaks
    FROM ${table} AS s LEFT JOIN impressions AS i USING (request_id) WHERE ${condition})`;
}

/**
 * First pass: per unit the first exposure and the sums over its slates and over outcomes that name them. Exposures,
 * slates and outcomes go into one aggregation (a join of three aggregates took twice as long). An outcome counts when it
 * names a slate, comes from the shopper who was shown it, after it, and within the attribution window. Units come out
 * without a first exposure when its record is missing: they are left out.
 *
 * The stratum is the lowest version, and the lowest ramp step, of its exposures: both only grow.
 */
export function firstPass(definition: AnalysisDefinition, { exposures, slates, events }: UnitSources): Statement {
  const of = (rows: UnitColumn['of']) => definition.columns.filter((column) => column.of === rows);
  const [shown, attributed] = [of('slates'), of('attributed')];
  const nulls = (count: number) => new Array<string>(count).fill('NULL::float8');
  const line = (parts: readonly string[]) => parts.join(', ');
  const names = [...namesOf(shown), ...namesOf(attributed)];
  const branches = [
    `SELECT unit, exposed_at AS first_at, NULL::timestamptz AS last_at, version * ${RAMP_STEPS} + phase AS stratum,
       array_position($1::text[], assigned) AS arm,
       CASE WHEN served <> assigned THEN coalesce(reason, 'unknown') END AS fallback, NULL::boolean AS differs,
       ${line(nulls(names.length).map((value, i) => `${value} AS ${names[i]!}`))}
     FROM ${exposures} WHERE experiment = ${literal(definition.experiment)} AND version IN (${definition.versions.join(', ')})
       AND assigned = ANY($1)`,
    `SELECT unit, NULL, occurred_at, NULL, NULL, NULL, differs,
       ${line([...shown.map(({ addend }) => addend), ...nulls(attributed.length)])}
     FROM ${slatesOf(definition, slates)} AS s`,
  ];
  if (attributed.length > 0)
    branches.push(`SELECT s.unit, NULL, NULL, NULL, NULL, NULL, NULL,
       ${line([...nulls(shown.length), ...attributed.map(({ addend }) => addend)])}
     FROM ${slatesOf(definition, slates)} AS s JOIN ${events} AS e
       ON e.request_id = s.request_id AND s.unit = ${unitOfEvent(definition)}
     WHERE e.type IN (${typesOf(attributed)}) AND e.occurred_at >= to_timestamp($2::float8)
       AND e.occurred_at >= s.occurred_at AND e.occurred_at <= s.occurred_at + ${hours(definition.attributionHours)}`);
  return {
    text: `SELECT unit, min(first_at) AS first_at, max(last_at) AS last_at, min(stratum) AS stratum, min(arm) AS arm,
        max(arm) AS arm_last, min(fallback) AS fallback, bool_or(differs) AS differs,
        ${line(names.map((name) => `coalesce(sum(${name}), 0) AS ${name}`))}
      FROM (${branches.join('\nUNION ALL\n')}) AS contributions
      WHERE $2::float8 IS NOT NULL GROUP BY unit HAVING min(first_at) IS NOT NULL`,
    values: [definition.variants],
  };
}

/**
 * Second pass, over the first one's result: outcomes without regard to slates, from the first exposure until the window
 * after the last slate, and the same before it, for CUPED. Gives whole rows of the unit table.
 */
export function secondPass(definition: AnalysisDefinition, stage: string, { events }: UnitSources): Statement {
  const own = definition.columns.filter(({ of }) => of === 'since' || of === 'before');
  const scaled = definition.columns.map(({ name }) => `coalesce(${name}, 0) / ${MILLION} AS ${name}`);
  const select = `SELECT ${BASE}, ${scaled.join(', ')} FROM ${stage} AS units`;
  if (own.length === 0) return { text: `${select} WHERE $1::float8 IS NOT NULL`, values: [] };
  const sums = own.map(
    ({ name, of, addend }) =>
      `sum(${addend}) FILTER (WHERE e.occurred_at ${of === 'since' ? '>=' : '<'} units.first_at) AS ${name}`,
  );
  return {
    text: `${select} LEFT JOIN (
        SELECT units.unit, ${sums.join(', ')}
        FROM ${events} AS e JOIN ${stage} AS units ON units.unit = ${unitOfEvent(definition)}
        WHERE e.type IN (${typesOf(own)}) AND e.occurred_at >= to_timestamp($1::float8)
          AND e.occurred_at >= units.first_at - ${hours(definition.preperiodDays * 24)}
          AND e.occurred_at <= coalesce(units.last_at, units.first_at) + ${hours(definition.attributionHours)}
        GROUP BY units.unit
      ) AS outcomes USING (unit)`,
    values: [],
  };
}

/** Codes of all events that the definition looks at; never empty, so that it can stand in an IN. */
export const eventTypesOf = ({ columns }: AnalysisDefinition): readonly number[] => [
  0,
  ...new Set(columns.flatMap(({ eventTypes }) => eventTypes)),
];
