import type { ClientBase, Pool } from 'pg';
import { poolSession } from '@shortlist/core/stores/postgres/session.ts';
import { ANALYSIS_LOCK } from '@shortlist/core/stores/postgres/analysis-lock.ts';
import { firstPass, LOG, secondPass, type Statement, type UnitSources } from './build-units.ts';
import type { AnalysisDefinition } from './definition.ts';
import { presentPosition, type ReadPosition } from './read-position.ts';
import type { Refresh } from './refresh.ts';
import { countSlates } from './slate-counts.ts';
import { changeTallies, makeTallies, noteWhatGoes, talliesOf } from './tallies.ts';
import { dropTouchedRows, gatherTouchedRows, noteTouchedUnits, touchedTables } from './touched-units.ts';

export interface RefreshOptions {
  /** Memory for one hash table, MB; a table that does not fit goes through files. Default 256. */
  readonly workMemoryMb?: number;
  /** Makes the table anew, whatever is there. Default: when there is none of this definition, or most has changed. */
  readonly isAnew?: boolean;
  /** Share of the units from which on making all of them is cheaper than looking up theirs. Default 0.1. */
  readonly touchedShareMax?: number;
}

export interface UnitTable {
  /** Of table `analyses`. */
  readonly id: number;
  /** One row a unit, columns as `UnitColumn.name`. */
  readonly table: string;
  /** What the numbers are read off (tallies.ts). */
  readonly tallies: string;
  /** How it was brought up to date, and how many units were computed. */
  readonly mode: 'full' | 'incremental';
  readonly touched: number;
}

const LOCK = `INSERT INTO analyses AS kept (experiment, phase, definition, offsets, horizon, built_at, refreshed_at)
  VALUES ($1, $2, '{}', '{}', '-infinity', now(), now())
  ON CONFLICT (experiment, phase) DO UPDATE SET refreshed_at = now()
  RETURNING id, definition = $3::jsonb AS "isSame", offsets, horizon::text`;

const SAVE = `UPDATE analyses SET definition = $2, offsets = $3, horizon = $4,
  built_at = CASE WHEN $5 THEN now() ELSE built_at END WHERE id = $1`;

/** Erasures that may have passed by: they were not there when the rows were read. */
const MISSED_ERASURE = 'SELECT EXISTS (SELECT FROM erasures WHERE requested_at >= $1::timestamptz) AS missed';

/**
 * Brings the unit table of an analysis up to date, in one transaction with how far it has read: killed at any point, it
 * goes on from where it was, and twice is once. Units of which something new came are made anew from all of their rows,
 * by the statements that make the whole table, so that a late event, slate or exposure counts as if it had come in time.
 *
 * `fromS`: no event before it matters (the phase's begin less the pre-period).
 */
export function refreshUnitTable(
  pool: Pool,
  definition: AnalysisDefinition,
  fromS: number,
  { workMemoryMb = 256, isAnew = false, touchedShareMax = 0.1 }: RefreshOptions = {},
): Promise<UnitTable> {
  return poolSession(pool).transaction(async (client) => {
    await client.query(`SET LOCAL work_mem = '${workMemoryMb}MB'`);
    await client.query(`SET LOCAL maintenance_work_mem = '${workMemoryMb}MB'`);
    const { experiment, phase } = definition;
    const { rows } = await client.query<{ id: number; isSame: boolean } & ReadPosition>(LOCK, [
      ...[experiment, phase, JSON.stringify(definition)],
    ]);
    const { id, isSame, ...before } = rows[0]!;
    const table = `analysis_units_${id}`;
    const work: Refresh = { client, id, table, definition, fromS, startedAt: await presentPosition(client) };
    const isGoingOn = isSame && !isAnew;
    const touched = isGoingOn ? await noteTouchedUnits(work, { before, now: work.startedAt }) : Infinity;
    const isFull = touched > touchedShareMax * (await unitsOf(client, table));
    const units = isFull ? await makeAll(work) : await remakeTouched(work, touched);
    if (isGoingOn) await dropTouchedRows(client, id);
    await countSlates(client, work, isFull ? {} : before.offsets.slates, work.startedAt.offsets.slates);
    const { offsets, horizon } = work.startedAt;
    await client.query(SAVE, [id, JSON.stringify(definition), JSON.stringify(offsets), horizon, isFull]);
    return { id, table, tallies: talliesOf(id), mode: isFull ? 'full' : 'incremental', touched: units };
  });
}

/** By the planner's statistics: -1 of a table that is not there. */
async function unitsOf(client: ClientBase, table: string): Promise<number> {
  const { rows } = await client.query<{ units: number }>(
    'SELECT coalesce((SELECT reltuples FROM pg_class WHERE oid = to_regclass($1)), -1)::float8 AS units',
    [table],
  );
  return rows[0]!.units;
}

/** The rows of the unit table, made of `sources` into a new table. */
async function makeRows(
  { client, id, definition, fromS }: Refresh,
  sources: UnitSources,
  { kind, name }: { readonly kind: '' | 'UNLOGGED' | 'TEMP'; readonly name: string },
): Promise<number> {
  // A temporary table is closed to parallel workers.
  const stage = `analysis_stage_${id}`;
  const stageKind = kind === 'TEMP' ? 'TEMP' : 'UNLOGGED';
  const create = async (createKind: string, table: string, { text, values }: Statement) => {
    const { rowCount } = await client.query(`CREATE ${createKind} TABLE ${table} AS ${text}`, [...values, fromS]);
    await client.query(`ANALYZE ${table}`);
    return rowCount ?? 0;
  };
  await create(stageKind, stage, firstPass(definition, sources));
  const units = await create(kind, name, secondPass(definition, stage, sources));
  await client.query(`DROP TABLE ${stage}`);
  return units;
}

async function makeAll(work: Refresh): Promise<number> {
  const { client, id, table } = work;
  const made = `${table}_made`;
  const units = await makeRows(work, LOG, { kind: '', name: made });
  await client.query(`CREATE UNIQUE INDEX ${made}_unit ON ${made} (unit)`);
  await shutOutErasures(work, made);
  await client.query(`DROP TABLE IF EXISTS ${table}`);
  await client.query(`ALTER TABLE ${made} RENAME TO ${table}`);
  await client.query(`ALTER INDEX ${made}_unit RENAME TO ${table}_unit`);
  await client.query(`ALTER TABLE ${table} INHERIT analysis_units`);
  await client.query(noteWhatGoes(id, table));
  await makeTallies(client, id, work.definition, table);
  await client.query('DELETE FROM analysis_latencies WHERE analysis = $1', [id]);
  await client.query('DELETE FROM analysis_items WHERE analysis = $1', [id]);
  return units;
}

async function remakeTouched(work: Refresh, touched: number): Promise<number> {
  const { client, id, table, definition } = work;
  if (touched === 0) {
    await changeTallies(client, id, definition, { table, made: null });
    return 0;
  }
  const { places } = touchedTables(id);
  const sources = await gatherTouchedRows(work);
  const made = `analysis_made_${id}`;
  await makeRows(work, sources, { kind: 'TEMP', name: made });
  await shutOutErasures(work, made);
  await client.query(
    `DELETE FROM ${table} AS kept USING ${places} AS old WHERE kept.ctid = old.place AND kept.unit = old.unit`,
  );
  await client.query(`INSERT INTO ${table} SELECT * FROM ${made}`);
  await changeTallies(client, id, definition, { table, made });
  await client.query(`DROP TABLE ${made}`);
  return touched;
}

/**
 * An erasure that committed while rows were read and added up would leave its unit in `made`. From here to the end none
 * can; those that did are known by their exposures, which are gone.
 */
async function shutOutErasures({ client, definition, startedAt }: Refresh, made: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [ANALYSIS_LOCK]);
  const { rows } = await client.query<{ missed: boolean }>(MISSED_ERASURE, [startedAt.horizon]);
  if (!rows[0]!.missed) return;
  await client.query(
    `DELETE FROM ${made} WHERE NOT EXISTS (
       SELECT FROM exposures WHERE experiment = $1 AND version = ANY($2) AND exposures.unit = ${made}.unit)`,
    [definition.experiment, definition.versions],
  );
}
