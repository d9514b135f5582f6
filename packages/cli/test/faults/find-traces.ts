import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';

/** What to look for: a text, by the name it has in a report. */
export type Traces = Readonly<Record<string, string>>;

/** Where they are found, in words: `events: user id`. */
export async function tracesInTables(pool: Pool, traces: Traces): Promise<string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    for (const [what, text] of Object.entries(traces)) {
      // The text of a whole row holds every column: text, arrays and JSON as they are, bytes in hexadecimal digits.
      const { rows } = await pool.query<{ found: boolean }>(
        `SELECT EXISTS (SELECT FROM ${name} AS t WHERE position($1 IN t::text) > 0 OR position($2 IN t::text) > 0) AS found`,
        [text, Buffer.from(text).toString('hex')],
      );
      if (rows[0]!.found) found.push(`${name}: ${what}`);
    }
  }
  return found;
}

export async function tracesInRedis({ client }: RedisConnection, traces: Traces): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', '*', 'COUNT', 1_000);
    cursor = next;
    for (const key of keys) {
      const text = `${key} ${await readKey(client, key)}`;
      for (const [what, trace] of Object.entries(traces)) if (text.includes(trace)) found.push(`${key}: ${what}`);
    }
  } while (cursor !== '0');
  return found;
}

async function readKey(client: RedisConnection['client'], key: string): Promise<string> {
  const type = await client.type(key);
  const raw: Readonly<Record<string, () => Promise<unknown>>> = {
    string: () => client.getBuffer(key),
    hash: () => client.hgetallBuffer(key),
    zset: () => client.zrangeBuffer(key, '0', '-1'),
    set: () => client.smembersBuffer(key),
    list: () => client.lrangeBuffer(key, 0, -1),
    stream: () => client.xrangeBuffer(key, '-', '+'),
  };
  const read = raw[type];
  if (read === undefined) throw new Error(`${key} has the type ${type}, which nobody looks into`);
  return textOf(await read());
}

/** Every byte string in it, one character a byte. */
function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (Array.isArray(value)) return value.map(textOf).join(' ');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, one]) => `${name} ${textOf(one)}`)
      .join(' ');
  return String(value);
}

/** In files below `folder` whose names `isSearched` lets through. */
export function tracesInFiles(folder: string, traces: Traces, isSearched: (path: string) => boolean): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.flatMap(({ parentPath, name }) => {
    const path = join(parentPath, name);
    if (!isSearched(path)) return [];
    const bytes = readFileSync(path);
    return Object.entries(traces)
      .filter(([, trace]) => bytes.includes(trace))
      .map(([what]) => `${path}: ${what}`);
  });
}
