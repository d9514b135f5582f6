import type { PoolClient, QueryArrayResult } from 'pg';

type Row = readonly unknown[];
let cursors = 0;

/** Reads a query's rows in batches through a server-side cursor; the next batch travels while one is worked on. */
export async function* readCursor(
  client: PoolClient,
  query: { readonly text: string; readonly values: readonly unknown[] },
  batchMax: number,
): AsyncGenerator<readonly Row[]> {
  const name = `stream_${++cursors}`;
  await client.query(`DECLARE ${name} NO SCROLL CURSOR FOR ${query.text}`, [...query.values]);
  const fetch = () => {
    const batch: Promise<QueryArrayResult<unknown[]>> = client.query({
      text: `FETCH FORWARD ${batchMax} FROM ${name}`,
      rowMode: 'array',
    });
    // Awaited below; until then a failure must not count as unhandled.
    batch.catch(() => undefined);
    return batch;
  };
  let next = fetch();
  for (;;) {
    const { rows } = await next;
    if (rows.length === 0) break;
    if (rows.length === batchMax) next = fetch();
    yield rows;
    if (rows.length < batchMax) break;
  }
  await client.query(`CLOSE ${name}`);
}
