import type { Pool } from 'pg';

/** Data that ended longer ago than this is served by its own clock. */
const DATA_OF_THE_PAST_S = 86_400;

/**
 * What all processes of a platform add to the real time: 0 where data are of today; else what makes now the end of the
 * data, so that the clock goes on from there. Unix seconds.
 */
export function clockOffset(dataUntilS: number, nowS: number): number {
  return nowS - dataUntilS > DATA_OF_THE_PAST_S ? Math.round(dataUntilS - nowS) : 0;
}

/** Time of the newest event, unix seconds; 0 when there is none. Reads all of them once. */
export async function lastEventS(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ last: number | null }>(
    "SELECT date_part('epoch', max(occurred_at)) AS last FROM events",
  );
  return rows[0]?.last ?? 0;
}
