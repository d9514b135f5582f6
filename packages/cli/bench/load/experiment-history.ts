import type { Pool } from 'pg';

/**
 * Weeks of one experiment, made inside PostgreSQL: nothing travels, so that 30,000,000 events take minutes. Slate n of S
 * comes at its share of the time; every sixth shows to somebody who has been there before, early shoppers oftener. Events
 * follow slates (clicks, carts, purchases) or stand alone (views, and purchases of the time before). All a function of n.
 */
export interface History {
  readonly experiment: string;
  readonly exposures: number;
  /** Unix seconds; a whole hour. */
  readonly untilS: number;
  readonly days: number;
}

export const EVENTS_PER_EXPOSURE = 3;
/** Events that would lie after the end are not made: a little more for the number to be reached. */
const SPARE = 1.02;

const FUNCTION = `
CREATE OR REPLACE FUNCTION history_shopper(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 48271 * CASE WHEN n % 6 <> 0 THEN n
    ELSE greatest(1, floor(n * power((n * 2654435761 % 4294967296) / 4294967296.0::float8, 2))::bigint / 6 * 6 + 1)
  END % 2147483647 $$`;
const ARM = "CASE WHEN hashint8(shopper) & 1 = 0 THEN 'control' ELSE 'treatment' END";

/** `$1` slates, `$2` end, `$3` days, `$4` from, `$5` to (of the time of the row), `$6` experiment. */
const SLATES = `SELECT n, at, (n * 3 / ($1::bigint + 1))::int AS ramp_step, history_shopper(n) AS shopper FROM (
    SELECT n, to_timestamp($2::float8 - $3::float8 * 86400 * (1 - n::float8 / ($1::bigint + 1))) AS at
    FROM generate_series(greatest(1, floor(($4::float8 - $2 + $3 * 86400) / ($3 * 86400) * ($1::bigint + 1))::bigint - 1),
      least($1::bigint, ceil(($5::float8 - $2 + $3 * 86400) / ($3 * 86400) * ($1::bigint + 1))::bigint + 1)) AS n
  ) AS made WHERE at >= to_timestamp($4) AND at < to_timestamp($5) OFFSET 0`;

const ITEMS = Array.from({ length: 10 }, (_, i) => `'i' || n * ${7 + 4 * i} % ${10_000 - 900 * i}`).join(', ');

const INSERT_SLATES = [
  `INSERT INTO impressions (request_id, user_id, occurred_at, surface, device, item_ids, propensities, release, tier,
     latency_ms, error)
   SELECT 'r' || n, 'user-' || shopper, at, 'home', 'mobile', ARRAY[${ITEMS}], '{1,1,1,1,1,1,1,1,0.1,0.1}'::real[],
     '2026-01-14.1', 'personalized', 5 + n * 2654435761 % 1000 / 50.0, CASE WHEN n % 1000 = 0 THEN 'overloaded' END
   FROM (${SLATES}) AS slates WHERE $6::text <> ''`,
  `INSERT INTO slate_experiments (occurred_at, writer, batch, version, phase, latency_ms, sampled, items, failed, degraded,
     differs, experiment, unit, assigned, served, tier, request_id)
   SELECT at, 1, extract(epoch FROM at)::bigint / 10, 1, ramp_step, 5 + n * 2654435761 % 1000 / 50.0, 1, 10, n % 1000 = 0, n % 200 = 0, n % 3 = 0, $6,
     'u:user-' || shopper, ${ARM}, ${ARM}, 'personalized', 'r' || n
   FROM (${SLATES}) AS slates`,
  `INSERT INTO exposures (exposed_at, writer, batch, version, phase, experiment, unit, assigned, served, reason, release,
     request_id)
   SELECT at, 1, extract(epoch FROM at)::bigint / 10, 1, ramp_step, $6, 'u:user-' || shopper, ${ARM}, ${ARM}, NULL, '2026-01-14.1', 'r' || n
   FROM (${SLATES}) AS slates WHERE n % 6 <> 0`,
];

/** `$7` events. Of twenty: clicks 10, carts 3, purchases 2 (one of them before the exposure), views 5. */
const INSERT_EVENTS = `INSERT INTO events (occurred_at, received_at, event_key, value, quantity, type, position, event_id,
    user_id, item_id, surface, device, request_id)
  SELECT at, CASE WHEN $8 THEN now() ELSE at + interval '2 s' END, md5('e' || m)::uuid,
    CASE WHEN type = 7 THEN (10 + m * 2654435761 % 9000 / 100.0)::real END, CASE WHEN type = 7 THEN 1 END, type, 1 + m % 10,
    'e' || m, 'user-' || history_shopper(n), 'i' || m * 7 % 10000, 'home', 'mobile', CASE WHEN kind < 14 AND kind <> 11 THEN 'r' || n END
  FROM (
    SELECT m, n, kind, CASE WHEN kind < 10 THEN 2 WHEN kind < 12 THEN 7 WHEN kind < 15 THEN 4 ELSE 1 END AS type,
      to_timestamp($2::float8 - $3::float8 * 86400 * (1 - n::float8 / ($1::bigint + 1)) + m % 3600
        - CASE WHEN kind = 11 THEN 864000 WHEN kind IN (15, 16, 17) THEN 259200 ELSE 0 END) AS at
    FROM (SELECT m, 1 + (m - 1) * $1::bigint / $7::bigint AS n, m % 20 AS kind FROM generate_series(
      greatest(1, floor(($4::float8 - $2 + ($3 - 12) * 86400) / ($3 * 86400) * $7::bigint)::bigint - 1), $7::bigint) AS m) AS numbered
  ) AS made WHERE at >= to_timestamp($4) AND at < to_timestamp($5) AND $6::text <> ''`;

const INSERT_DAYS = `INSERT INTO unit_days SELECT DISTINCT 'u:' || user_id, (occurred_at AT TIME ZONE 'UTC')::date FROM events
  WHERE occurred_at >= to_timestamp($1) AND occurred_at < to_timestamp($2) ON CONFLICT DO NOTHING`;

const TABLES = ['impressions', 'slate_experiments', 'exposures', 'events', 'unit_days'];
const INDEXES = `SELECT tablename AS table, indexname AS name, indexdef AS definition, EXISTS (
    SELECT FROM pg_constraint WHERE conname = indexname AND contype = 'p') AS "isKey"
  FROM pg_indexes WHERE tablename = ANY($1)`;

interface Index {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
  readonly isKey: boolean;
}

async function insert(pool: Pool, history: History, fromS: number, toS: number, comesNow: boolean): Promise<void> {
  const { experiment, exposures, untilS, days } = history;
  const slates = Math.floor((exposures * 6) / 5);
  const values = [slates, untilS, days, fromS, toS, experiment];
  const client = await pool.connect();
  try {
    await client.query('SET synchronous_commit = off');
    for (const text of INSERT_SLATES) await client.query(text, values);
    await client.query(INSERT_EVENTS, [...values, Math.ceil(exposures * EVENTS_PER_EXPOSURE * SPARE), comesNow]);
    await client.query(INSERT_DAYS, [fromS, toS]);
  } finally {
    await client.query('RESET synchronous_commit');
    client.release();
  }
}

const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Everything up to an hour before the end; indexes are made afterwards, as they are in the schema. */
export async function makeHistory(pool: Pool, history: History, log: (line: string) => void): Promise<void> {
  const { untilS, days } = history;
  const firstDay = Math.floor(untilS / DAY_S) - days - 11;
  await pool.query(`DO $do$ BEGIN FOR n IN ${firstDay}..${Math.floor(untilS / DAY_S)} LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
      'events_' || to_char(date '1970-01-01' + n, 'YYYYMMDD'), (date '1970-01-01' + n) || ' 00:00:00+00',
      (date '1970-01-01' + n + 1) || ' 00:00:00+00');
    END LOOP; END $do$`);
  await pool.query(FUNCTION);
  const { rows: indexes } = await pool.query<Index>(INDEXES, [TABLES]);
  for (const { table, name, isKey } of indexes)
    await pool.query(isKey ? `ALTER TABLE ${table} DROP CONSTRAINT ${name}` : `DROP INDEX ${name}`);
  await insert(pool, history, firstDay * DAY_S, untilS - HOUR_S, false);
  log('rows made');
  const client = await pool.connect();
  await client.query("SET maintenance_work_mem = '1GB'");
  for (const { table, name, definition, isKey } of indexes) {
    await client.query(definition.replace(' ON ONLY ', ' ON '));
    if (isKey) await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} PRIMARY KEY USING INDEX ${name}`);
  }
  log('indexes made');
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
  client.release();
}

/** The last hour, as it would have come by now. */
export const makeLastHour = (pool: Pool, history: History): Promise<void> =>
  insert(pool, history, history.untilS - HOUR_S, history.untilS, true);

/** What an earlier run has made of it. */
export async function removeLastHour(pool: Pool, { untilS }: History): Promise<void> {
  const times = {
    impressions: 'occurred_at',
    slate_experiments: 'occurred_at',
    exposures: 'exposed_at',
    events: 'occurred_at',
  };
  for (const [table, time] of Object.entries(times))
    await pool.query(`DELETE FROM ${table} WHERE ${time} >= to_timestamp($1)`, [untilS - HOUR_S]);
}

/** Puts an analysis back to where it stood before the last hour, which is there already: it finds the hour's rows again. */
export async function forgetLastHour(pool: Pool, { untilS }: History): Promise<void> {
  await pool.query(
    `UPDATE analyses SET
       offsets = jsonb_build_object('exposures', jsonb_build_object('1', $1::bigint), 'slates', jsonb_build_object('1', $1::bigint)),
       horizon = (SELECT min(received_at) FROM events WHERE occurred_at >= to_timestamp($2))`,
    [(untilS - HOUR_S) / 10 - 1, untilS - HOUR_S],
  );
}
