import type { ClientBase, Pool } from 'pg';

/** Units (`u:<user id>`, `s:<session id>`) that were erased, while the log may still name them. */
export async function pendingErasureUnits(client: ClientBase | Pool): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ unit: string }>(
    `SELECT jsonb_array_elements_text(pending -> 'units') AS unit FROM erasures WHERE pending IS NOT NULL`,
  );
  return new Set(rows.map(({ unit }) => unit));
}
