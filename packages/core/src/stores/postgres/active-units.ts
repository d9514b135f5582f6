import type { Pool } from 'pg';
import type { UnitKey } from '../profile-store.ts';

const NEXT = `SELECT unit FROM (
    SELECT DISTINCT unit COLLATE "C" AS unit FROM unit_days WHERE unit COLLATE "C" > $1 AND day >= $2::date
  ) AS active ORDER BY unit LIMIT $3`;
const COUNT = 'SELECT count(DISTINCT unit)::float8 AS units FROM unit_days WHERE day >= $1::date';

/** How many users and sessions have been active on or after a day (`YYYY-MM-DD`). */
export async function countActiveUnits(pool: Pool, fromDate: string): Promise<number> {
  const { rows } = await pool.query<{ units: number }>(COUNT, [fromDate]);
  return rows[0]!.units;
}

/** Those units in byte order after `after` ('' = from the first), in batches; a batch is read when it is asked for. */
export async function* activeUnits(
  pool: Pool,
  { after, fromDate, batchMax }: { readonly after: string; readonly fromDate: string; readonly batchMax: number },
): AsyncGenerator<readonly UnitKey[]> {
  for (let last = after; ;) {
    const { rows } = await pool.query<{ unit: UnitKey }>(NEXT, [last, fromDate, batchMax]);
    if (rows.length === 0) return;
    yield rows.map(({ unit }) => unit);
    last = rows.at(-1)!.unit;
  }
}
