import type { ClientBase } from 'pg';
import type { LogOffsets } from '@shortlist/core/contracts/log.ts';

/** How far an analysis has read. */
export interface ReadPosition {
  /** Last batch by writer, of exposures and of slates. */
  readonly offsets: { readonly exposures: LogOffsets; readonly slates: LogOffsets };
  /** Every event that came before has been seen (to the microsecond, as PostgreSQL writes it). */
  readonly horizon: string;
}

/** Few writers: each is found by one step in the index. */
const lastBatches = (table: string): string => `(WITH RECURSIVE writers AS (
    SELECT min(writer) AS writer FROM ${table}
    UNION ALL
    SELECT (SELECT min(later.writer) FROM ${table} AS later WHERE later.writer > writers.writer)
    FROM writers WHERE writers.writer IS NOT NULL
  )
  SELECT coalesce(jsonb_object_agg(writer, (SELECT max(batch) FROM ${table} AS last WHERE last.writer = writers.writer)), '{}')
  FROM writers WHERE writer IS NOT NULL)`;

const OFFSETS = `SELECT ${lastBatches('exposures')} AS exposures, ${lastBatches('slate_experiments')} AS slates`;

/**
 * `received_at` is the time at which the transaction of an event began. What a later statement cannot see yet belongs to
 * a transaction that runs now, hence began at or after the oldest of them, or to one that has yet to begin. The margin
 * is for one that has just taken its time and does not show it yet, and for small steps of the server's clock.
 */
const HORIZON = `SELECT (least(min(xact_start), clock_timestamp()) - interval '10 s')::text AS horizon
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;

/** Up to where statements that come after this one, each with a view of its own, will have read at least. */
export async function presentPosition(client: ClientBase): Promise<ReadPosition> {
  const { rows: horizons } = await client.query<{ horizon: string }>(HORIZON);
  const { rows: offsets } = await client.query<ReadPosition['offsets']>(OFFSETS);
  return { offsets: offsets[0]!, horizon: horizons[0]!.horizon };
}

/**
 * SQL: rows of `exposures` or `slate_experiments` behind `after` and up to `until`. Bounds stand in the text, so that the
 * planner sees how few rows they leave, and takes the index; writers without news are not in it.
 */
export function isBetween(after: LogOffsets, until: LogOffsets): string {
  const ranges = Object.entries(until)
    .filter(([writer, batch]) => batch > (after[writer] ?? 0))
    .map(([writer, batch]) => `(writer = ${writer} AND batch > ${after[writer] ?? 0} AND batch <= ${batch})`);
  return ranges.length === 0 ? 'false' : `(${ranges.join(' OR ')})`;
}
