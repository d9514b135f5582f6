import type { ClientBase } from 'pg';

/** Heartbeats come each second. */
const ALIVE_S = 10;

const OTHERS = `SELECT name FROM leases WHERE name LIKE 'aggregator%' AND name <> ALL($1::text[])
  AND heartbeat_at > clock_timestamp() - make_interval(secs => ${ALIVE_S}) ORDER BY name`;
const FORGET = `DELETE FROM consumers WHERE name ~ '^(counters|projector)(:|$)' AND name <> ALL($1::text[])`;

/**
 * Makes sure that nobody aggregates under another number of shards (two would write the same items' counters), and
 * forgets where the consumers of an earlier number stood: erasures wait for every consumer that there is.
 * @throws Error while another sharding is alive
 */
export async function claimSharding(
  client: ClientBase,
  names: { readonly leases: readonly string[]; readonly consumers: readonly string[] },
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(OTHERS, [names.leases]);
  if (rows.length > 0) throw new Error(`another sharding runs: ${rows.map(({ name }) => name).join(', ')}`);
  await client.query(FORGET, [names.consumers]);
}
