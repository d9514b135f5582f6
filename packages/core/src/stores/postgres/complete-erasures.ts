import type { PoolClient } from 'pg';
import type { LogOffsets } from '../../contracts/log.ts';

interface Pending {
  readonly units: readonly string[];
  readonly offsets: LogOffsets;
}

const hasPassed = (offsets: LogOffsets, needed: LogOffsets): boolean =>
  Object.entries(needed).every(([writer, batch]) => (offsets[writer] ?? 0) >= batch);

/** Finishes erasures that every consumer has passed, in the open transaction; returns their receipts' ids. */
export async function completeErasures(
  client: PoolClient,
  consumers?: Readonly<Record<string, LogOffsets>>,
): Promise<string[]> {
  const { rows: waiting } = await client.query<{ receipt: string; pending: Pending }>(
    'SELECT receipt, pending FROM erasures WHERE pending IS NOT NULL ORDER BY requested_at FOR UPDATE SKIP LOCKED',
  );
  if (waiting.length === 0) return [];
  const stored = await client.query<{ offsets: LogOffsets }>('SELECT offsets FROM consumers');
  const all = consumers === undefined ? stored.rows.map(({ offsets }) => offsets) : Object.values(consumers);
  const completed: string[] = [];
  for (const { receipt, pending } of waiting) {
    if (!all.every((offsets) => hasPassed(offsets, pending.offsets))) continue;
    // The log may name the user until here; nobody reads it any more.
    await client.query(
      `DELETE FROM log_batches USING jsonb_each_text($1::jsonb) AS passed
       WHERE writer = passed.key::bigint AND batch <= passed.value::bigint`,
      [JSON.stringify(pending.offsets)],
    );
    // A consumer that met the purchases only after the erasure has noted them again.
    await client.query('DELETE FROM item_buyers WHERE unit = ANY($1)', [pending.units]);
    await client.query('UPDATE erasures SET completed_at = now(), pending = NULL WHERE receipt = $1', [receipt]);
    completed.push(receipt);
  }
  return completed;
}
