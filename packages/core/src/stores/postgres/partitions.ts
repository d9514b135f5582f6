import type { Pool, PoolClient } from 'pg';

/** Days per transaction: each new partition takes a handful of locks until the end. */
const DAYS_PER_TRANSACTION = 100;
const SECONDS_PER_DAY = 86_400;

/** `YYYY-MM-DD` of a day counted from 1970-01-01. */
export const dateOf = (day: number): string => {
  const iso = new Date(day * SECONDS_PER_DAY * 1000).toISOString();
  return iso.slice(0, iso.indexOf('T'));
};

/** The table of a day's events. */
export const partitionName = (day: number): string => `events_${dateOf(day).replaceAll('-', '')}`;

/**
 * SQL: the day, a date, of the partition whose name is in `column`; null for every other name: a planner is free to ask all
 * of pg_class before it joins, and to_date refuses what is no date.
 */
export const dayOfPartition = (column: string): string =>
  `CASE WHEN ${column} ~ '^events_[0-9]{8}$' THEN to_date(right(${column}, 8), 'YYYYMMDD') END`;

/**
 * A table is made first and attached then: other than CREATE TABLE ... PARTITION OF, that lets appends and reads of
 * other days go on. The lock lets them go on, too; whoever makes partitions takes turns.
 */
const CREATE = `DO $do$
DECLARE
  day date;
  name text;
BEGIN
  LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE;
  FOREACH day IN ARRAY '{DAYS}'::date[] LOOP
    name := 'events_' || to_char(day, 'YYYYMMDD');
    IF to_regclass(quote_ident(name)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
      EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        name, day || ' 00:00:00+00', day + 1 || ' 00:00:00+00');
    END IF;
  END LOOP;
END $do$`;

/** Makes the missing ones of these days' partitions; returns their days. Each day's is there when this returns. */
export async function ensurePartitions(client: Pool | PoolClient, days: readonly number[]): Promise<readonly number[]> {
  if (days.length === 0) return [];
  const { rows } = await client.query<[number]>({
    text: `SELECT n::int FROM unnest($1::text[]) WITH ORDINALITY AS t(name, n) WHERE to_regclass(name) IS NULL`,
    values: [days.map(partitionName)],
    rowMode: 'array',
  });
  const missing = rows.map(([n]) => days[n - 1]!);
  for (let start = 0; start < missing.length; start += DAYS_PER_TRANSACTION) {
    const dates = missing.slice(start, start + DAYS_PER_TRANSACTION).map(dateOf);
    await client.query(CREATE.replace('{DAYS}', `{${dates.join(',')}}`));
  }
  return missing;
}

/** What one process knows of the partitions: a day that was there is taken to be there still. */
export class KnownPartitions {
  readonly #known = new Set<number>();

  /** Makes sure of each day, on a connection that is in no transaction (what it makes must stay). */
  async ensure(client: Pool | PoolClient, days: Iterable<number>): Promise<void> {
    const unknown = [...days].filter((day) => !this.#known.has(day));
    if (unknown.length === 0) return;
    await ensurePartitions(client, unknown);
    for (const day of unknown) this.#known.add(day);
  }

  /** After a statement met a partition missing that was known: somebody dropped it. */
  forget(): void {
    this.#known.clear();
  }
}
