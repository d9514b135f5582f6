import type { PoolClient } from 'pg';
import type { LogOffsets } from '../../contracts/log.ts';

interface Pending {
  readonly units: readonly string[];
  readonly offsets: LogOffsets;
}

interface Waiting {
  readonly receipt: string;
  readonly pending: Pending;
  readonly told: LogOffsets | null;
}

/**
 * The erasure's own messages carry its transaction's time. Consumers ask for the units when they come to them (and put
 * right whom they noted as buyers), so the units stay until then.
 */
const WAITING = `SELECT receipt, pending, (
    SELECT jsonb_object_agg(writer, batch) FROM (
      SELECT writer, max(batch) AS batch FROM log_batches WHERE created_at <= requested_at GROUP BY writer
    ) AS latest
  ) AS told
  FROM erasures WHERE pending IS NOT NULL ORDER BY requested_at FOR UPDATE SKIP LOCKED`;

const hasPassed = (offsets: LogOffsets, needed: LogOffsets): boolean =>
  Object.entries(needed).every(([writer, batch]) => (offsets[writer] ?? 0) >= batch);

/** Finishes erasures that every consumer has passed, in the open transaction; returns their receipts' ids. */
export async function completeErasures(
  client: PoolClient,
  consumers?: Readonly<Record<string, LogOffsets>>,
): Promise<string[]> {
  const { rows: waiting } = await client.query<Waiting>(WAITING);
  if (waiting.length === 0) return [];
  const stored = await client.query<{ offsets: LogOffsets }>('SELECT offsets FROM consumers');
  const all = consumers === undefined ? stored.rows.map(({ offsets }) => offsets) : Object.values(consumers);
  const completed: string[] = [];
  for (const { receipt, pending, told } of waiting) {
    if (!all.every((offsets) => hasPassed(offsets, pending.offsets) && hasPassed(offsets, told ?? {}))) continue;
    // The log may name the user until here; nobody reads it any more.
    await client.query(
      `DELETE FROM log_batches USING jsonb_each_text($1::jsonb) AS passed
       WHERE writer = passed.key::bigint AND batch <= passed.value::bigint`,
      [JSON.stringify(pending.offsets)],
    );
    await client.query('UPDATE erasures SET completed_at = now(), pending = NULL WHERE receipt = $1', [receipt]);
    completed.push(receipt);
  }
  return completed;
}
