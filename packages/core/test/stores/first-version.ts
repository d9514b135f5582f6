import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import type { Pool } from 'pg';

const FOLDER = join(import.meta.dirname, '../../src/stores/postgres/migrations');

/** Takes back all migrations but the first; returns how many. */
export async function backToFirstVersion(pool: Pool): Promise<number> {
  const client = await pool.connect();
  try {
    const steps = { dbClient: client, dir: FOLDER, migrationsTable: 'migrations', log: () => undefined };
    const done = await runner({ ...steps, direction: 'down', count: readdirSync(FOLDER).length - 1 });
    return done.length;
  } finally {
    client.release();
  }
}
